// Our own table of plans, for any number of them: sorted and filtered as data, drawn a hundred rows at a time.
(() => {
  const ROWS_OF_A_PAGE = 100
  const OPEN_AT_FIRST = 3
  const COLUMNS = 7
  const byId = (id) => document.getElementById(id)
  const body = document.querySelector('#is-plans tbody')
  const opened = new Set()
  const view = { matches: () => true, verdict: '', key: 'outcome', down: false, page: 0 }
  let records = []
  let shown = []

  const { make } = parts
  const timeCell = (text, note = '') => make('td', { class: 'n' }, text, make('div', { class: 'is-dim' }, note))

  const row = (record) => {
    const result = make('td', { class: `is-outcome ${record.outcome}` }, record.outcome)
    const line = make('tr', { class: `is-row ${record.outcome}`, 'data-case': record.number })
    line.append(
      result, make('td', { class: 'is-name' }, ...parts.nameCell(record.nodeid, record)), make('td', { class: 'n' }, record.validations),
      timeCell(record.end_to_end), timeCell(record.slowest, record.slowest_stage), make('td', { class: 'is-history' }, parts.sparkline(record.history)),
      timeCell(record.duration),
    )
    return line
  }

  const show = async (line, open) => {
    const number = Number(line.dataset.case)
    line.classList.toggle('is-open', open)
    line.querySelector('.is-toggle').setAttribute('aria-expanded', String(open))
    if (line.nextSibling?.classList.contains('is-opened')) line.nextSibling.remove()
    opened[open ? 'add' : 'delete'](number)
    if (!open) return
    const cell = make('td', { colspan: COLUMNS })
    line.after(make('tr', { class: 'is-opened' }, cell))
    cell.append(await parts.details(number))
  }

  const draw = async () => {
    const pages = Math.max(1, Math.ceil(shown.length / ROWS_OF_A_PAGE))
    view.page = Math.min(view.page, pages - 1)
    const lines = shown.slice(view.page * ROWS_OF_A_PAGE, (view.page + 1) * ROWS_OF_A_PAGE).map(row)
    body.replaceChildren(...lines)
    byId('is-none').hidden = shown.length > 0
    drawPages(pages)
    await Promise.all(lines.filter((line) => opened.has(Number(line.dataset.case))).map((line) => show(line, true)))
  }

  const drawPages = (pages) => {
    const first = view.page * ROWS_OF_A_PAGE
    const said = shown.length ? `${first + 1} to ${Math.min(first + ROWS_OF_A_PAGE, shown.length)} of ${shown.length}` : '0'
    const step = (label, by) => {
      const button = make('button', { type: 'button', class: 'is-copy' }, label)
      button.disabled = view.page + by < 0 || view.page + by >= pages
      button.addEventListener('click', () => { view.page += by; draw() })
      return button
    }
    document.querySelector('.is-pages').replaceChildren(make('span', { role: 'status' }, said), step('Previous', -1), step('Next', 1))
  }

  const sift = () => {
    shown = records.filter((record) => (!view.verdict || record.outcome === view.verdict) && view.matches(record.hay))
    shown.sort(parts.compare(view.key, view.down))
    view.page = 0
    return draw()
  }

  const drawVerdicts = () => {
    const counts = new Map([['', records.length]])
    for (const { outcome } of records) counts.set(outcome, (counts.get(outcome) || 0) + 1)
    const buttons = [...counts].map(([outcome, count]) => {
      const button = make('button', { type: 'button', class: `is-copy ${outcome}`, 'aria-pressed': String(outcome === view.verdict) }, `${count} ${outcome || 'all'}`)
      button.addEventListener('click', () => { view.verdict = outcome; drawVerdicts(); sift() })
      return button
    })
    document.querySelector('.is-verdicts').replaceChildren(...buttons)
  }

  const drawHeads = () => {
    for (const head of document.querySelectorAll('#is-plans th')) {
      const sorted = head.dataset.sort === view.key
      head.setAttribute('aria-sort', sorted ? (view.down ? 'descending' : 'ascending') : 'none')
    }
  }

  const goTo = async () => {
    const nodeid = decodeURIComponent(location.hash.slice(1))
    const find = () => shown.findIndex((record) => record.nodeid === nodeid)
    if (nodeid && find() < 0) byId('is-all').click()
    const at = nodeid ? find() : -1
    if (at < 0) return
    opened.add(shown[at].number)
    view.page = Math.floor(at / ROWS_OF_A_PAGE)
    await draw()
    body.querySelector(`[data-case="${shown[at].number}"]`).scrollIntoView()
  }

  body.addEventListener('click', (event) => {
    const line = event.target.closest('.is-row')
    if (line) show(line, !opened.has(Number(line.dataset.case)))
  })
  document.querySelector('#is-plans thead').addEventListener('click', (event) => {
    const key = event.target.closest('th')?.dataset.sort
    if (!key) return
    view.down = key === view.key && !view.down
    view.key = key
    drawHeads()
    sift()
  })
  byId('is-all').addEventListener('click', () => {
    Object.assign(view, { matches: () => true, verdict: '' })
    byId('is-filter').value = ''
    drawVerdicts()
    sift()
  })

  document.querySelector('header').append(parts.themeButton())
  document.querySelector('.is-tools').prepend(parts.filterBox((matches) => { view.matches = matches; sift() }))

  const begin = async () => {
    records = (await parts.index).map((record) => ({ ...record, hay: parts.haystack(record) }))
    records.filter((record) => parts.rank(record) < 2).slice(0, OPEN_AT_FIRST).forEach((record) => opened.add(record.number))
    parts.markFirstRuns(records)
    drawVerdicts()
    drawHeads()
    await sift()
    await goTo()
    addEventListener('hashchange', goTo)
    document.body.dataset.ready = 'yes'
  }
  begin()
})()
