// pytest-html keeps the table and draws all of it anew when it is clicked. Here each new table gets our cells and details;
// a click on a row opens that row only, so that it answers at once however many rows there are.
(() => {
  const OPEN_AT_FIRST = 20
  const byId = (id) => document.getElementById(id)
  const { make } = parts
  const chosen = new Map()
  const sorted = { key: '', down: false }
  let records = []
  let matches = () => true

  const caseOf = (body) => body.querySelector('.extraHTML')?.dataset.case
  const recordOf = (body) => records[caseOf(body)]
  const isOpen = (body) => !body.querySelector('.extras-row').classList.contains('hidden')

  const show = async (body, open) => {
    body.querySelector('.extras-row').classList.toggle('hidden', !open)
    body.querySelector('.col-result').classList.toggle('collapsed', !open)
    body.classList.toggle('is-open', open)
    body.querySelector('.is-toggle')?.setAttribute('aria-expanded', String(open))
    const number = caseOf(body)
    if (!open || !number || body.querySelector('.is-case')) return
    const details = await parts.details(Number(number))
    body.querySelector('.extraHTML').replaceChildren(details)
  }

  const toggle = (body) => {
    const open = !isOpen(body)
    chosen.set(body.querySelector('.collapsible').dataset.id, open)
    return show(body, open)
  }

  const fill = (body, row) => {
    const name = row.querySelector('.col-testId')
    const record = records[name.textContent]
    if (!record) {
      body.id = name.textContent
      name.replaceChildren(...parts.nameCell(name.textContent))
      name.after(...['validations', 'end_to_end', 'slowest', 'history'].map((key) => make('td', { class: `is-${key}` })))
      return
    }
    body.id = record.nodeid
    body.querySelector('.extraHTML').dataset.case = record.number
    name.replaceChildren(...parts.nameCell(record.nodeid, record))
    row.append(
      make('td', { class: 'is-validations' }, record.validations), make('td', { class: 'is-end_to_end' }, record.end_to_end),
      make('td', { class: 'is-slowest' }, record.slowest, make('div', { class: 'is-stage' }, record.slowest_stage)),
      make('td', { class: 'is-history' }, parts.sparkline(record.history)), make('td', { class: 'is-duration' }, record.duration),
    )
  }

  // pytest-html would draw all rows anew to sort them: moving them is faster, and its own filter keeps our order.
  const sort = () => {
    if (!sorted.key) return
    const table = byId('results-table')
    const bodies = [...table.tBodies].filter((body) => body.querySelector('.collapsible'))
    const plans = bodies.filter(recordOf).sort((one, other) => parts.compare(sorted.key, sorted.down)(recordOf(one), recordOf(other)))
    table.append(...plans, ...bodies.filter((body) => !recordOf(body)))
    for (const head of table.querySelectorAll('thead th')) {
      const by = head.dataset.sort === sorted.key
      head.setAttribute('aria-sort', by ? (sorted.down ? 'descending' : 'ascending') : 'none')
    }
  }

  const adopt = () => {
    const waiting = []
    for (const body of document.querySelectorAll('#results-table > tbody:not(.is-ours)')) {
      body.classList.add('is-ours')
      const row = body.querySelector('.collapsible')
      if (!row) continue
      fill(body, row)
      body.querySelector('.logwrapper').hidden = !body.querySelector('.log')
      waiting.push(show(body, chosen.get(row.dataset.id) ?? isOpen(body)))
    }
    sort()
    sift()
    return Promise.all(waiting)
  }

  const sift = () => {
    for (const body of document.querySelectorAll('#results-table > tbody.is-ours')) {
      const record = recordOf(body)
      body.hidden = !matches(record ? parts.haystack(record) : `${body.className} ${body.id}`.toLowerCase())
    }
  }

  // pytest-html sorts by what its ini says; our rows hold the result only.
  const url = new URL(location.href)
  url.searchParams.set('sort', 'result')
  try { history.replaceState({}, '', url) } catch { /* a page that may not change its address */ }

  // Labels, language and keys that pytest-html leaves out.
  const mend = () => {
    document.documentElement.lang = 'en'
    document.head.append(make('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }))
    const main = make('main')
    byId('title').after(main)
    const header = make('header')
    main.before(header)
    header.append(byId('title'), document.querySelector('body > p'), parts.themeButton())
    main.append(document.querySelector('.summary'), byId('results-table'), byId('is-latency'), byId('environment-header'), byId('environment'))
    document.querySelector('.controls').prepend(parts.filterBox((matcher) => { matches = matcher; sift() }))
    for (const box of document.querySelectorAll('input[name=filter_checkbox]')) {
      box.setAttribute('aria-label', `Show ${box.dataset.testResult}`)
    }
    for (const head of document.querySelectorAll('#results-table-head th')) {
      head.dataset.sort ??= 'outcome'
      const button = make('button', { type: 'button' }, ...head.childNodes)
      head.append(button)
    }
    const environment = byId('environment-header')
    environment.tabIndex = 0
    environment.setAttribute('role', 'button')
    environment.setAttribute('aria-label', 'Environment')
    environment.classList.add('collapsed')
    byId('environment').classList.add('hidden')
  }

  document.addEventListener('click', (event) => {
    if (event.target.closest('#show_all_details, #hide_all_details')) chosen.clear()
    const head = event.target.closest('#results-table thead th')
    const row = event.target.closest('#results-table .collapsible')
    if (!head && !row) return
    event.stopPropagation()
    if (row) {
      toggle(row.closest('tbody'))
      return
    }
    sorted.down = sorted.key === head.dataset.sort && !sorted.down
    sorted.key = head.dataset.sort
    sort()
  }, true)

  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    if (event.target.id !== 'environment-header') return
    event.preventDefault()
    event.target.click()
  })

  const goTo = async () => {
    const body = byId(decodeURIComponent(location.hash.slice(1)))
    if (!body?.matches('tbody')) return
    if (!isOpen(body)) await toggle(body)
    body.scrollIntoView()
  }

  document.addEventListener('DOMContentLoaded', async () => {
    mend()
    records = await parts.index
    document.querySelector('.run-count').hidden = Boolean(document.querySelector('.is-partial'))
    parts.markFirstRuns(records)
    const open = [...document.querySelectorAll('#results-table > tbody')].filter((body) => body.querySelector('.collapsible') && isOpen(body))
    for (const body of open.slice(OPEN_AT_FIRST)) chosen.set(body.querySelector('.collapsible').dataset.id, false)
    await adopt()
    new MutationObserver(adopt).observe(document.querySelector('main'), { childList: true })
    await goTo()
    addEventListener('hashchange', goTo)
    document.body.dataset.ready = 'yes'
  })
})()
