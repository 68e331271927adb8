"""Prices in dollars of symbols beside the watched ones: asked for just in time, when one first appears on a screen."""

from __future__ import annotations

WATCHED_PRICES = {"AAPL": 150.00, "MSFT": 420.00, "TSLA": 250.00, "NVDA": 120.00, "TESTSYM": 50.00}

_LISTED = """
ABNB 130, ADBE 480, AMAT 180, AMC 5, AMD 160, AMZN 185, AVGO 170, BA 180, BABA 85, BAC 40, C 62,
CAT 340, COIN 210, COST 495, CRM 250, CSCO 48, CVX 155, DIS 95, F 11, FB 330, GE 165, GM 45,
GME 22, GOOG 165, GOOGL 164, HD 360, HOOD 22, IBM 190, INTC 22, IWM 215, JNJ 155, JPM 210, KO 68,
LCID 3, LLY 490, LYFT 12, MA 470, MARA 16, META 490, MRNA 80, MU 100, NFLX 495, NIO 5, NKE 80,
NOK 4, ORCL 140, PEP 170, PFE 28, PG 168, PLTR 30, PYPL 68, QCOM 170, QQQ 480, RBLX 42, RIVN 13,
ROKU 60, SBUX 93, SHOP 70, SMCI 60, SNAP 11, SNOW 130, SOFI 8, SPY 495, SQ 66, T 20, TGT 150,
TQQQ 70, TSM 170, TWLO 62, UBER 72, UPST 38, V 275, VZ 41, WFC 57, WMT 75, X 38, XOM 117, ZM 62
"""

LISTED_PRICES = {symbol: float(price) for symbol, price in (listed.split() for listed in _LISTED.split(","))}
