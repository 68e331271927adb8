// What both pages share: details unpacked when a row is opened, names, sparklines, filter, lightbox, copying, light and dark.
const parts = (() => {
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
    element.append(...children)
    return element
  }

  const unpack = async (holder) => {
    const packed = Uint8Array.from(atob(holder.textContent), (letter) => letter.charCodeAt(0))
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))
    return new Response(plain).json()
  }

  // Details: a bundle is unpacked once, a plan is built once and then moved, so that what a reader opened stays open.
  const holder = document.getElementById('is-index')
  const bundles = document.getElementsByClassName('is-bundle')
  const bundleCases = Number(holder.dataset.bundleCases)
  const unpacked = new Map()
  const built = new Map()
  const index = unpack(holder).then((records) => records.map((record, number) => ({ ...record, number })))

  const build = (html) => {
    const place = make('div')
    place.innerHTML = html
    for (const image of place.querySelectorAll('img[data-picture]')) {
      const data = document.querySelector(`.is-picture[data-name="${image.dataset.picture}"]`).textContent
      image.src = `data:image/${data.startsWith('iVBOR') ? 'png' : 'webp'};base64,${data}`
    }
    return place
  }

  // The style of the details is as large as that of the rest: it comes with the first of them.
  let styled
  const style = async () => {
    const [text] = await unpack(document.getElementById('is-details-style'))
    document.head.append(make('style', {}, text))
  }

  const details = async (number) => {
    styled ??= style()
    await styled
    if (!built.has(number)) {
      const bundle = Math.floor(number / bundleCases)
      if (!unpacked.has(bundle)) unpacked.set(bundle, unpack(bundles[bundle]))
      built.set(number, unpacked.get(bundle).then((cases) => build(cases[number % bundleCases])))
    }
    return built.get(number)
  }

  // A plan's name: what it is called first, where it is written below; long names break after a slash or a colon only.
  const breakable = (text) => text.split(/(?<=[/:_[,-](?=.{4}))/).flatMap((part) => [part, make('wbr')])

  const nameCell = (nodeid, record) => {
    const at = nodeid.lastIndexOf('::')
    const name = at < 0 ? nodeid : nodeid.slice(at + 2)
    const button = make('button', { type: 'button', class: 'is-toggle', 'aria-expanded': 'false' }, ...breakable(name))
    const cell = [button]
    if (at > 0) cell.push(make('div', { class: 'is-path' }, ...breakable(nodeid.slice(0, at))))
    if (record?.sentence) {
      const said = make('div', { class: 'is-said-short' }, record.sentence)
      if (record.fault) said.prepend(make('span', { class: `is-fault is-${record.fault}` }, record.fault), ' ')
      cell.push(said)
    }
    return cell
  }

  // One bar a run, as high as it took long; a run that did not pass has a dot above its bar.
  const drawn = (tag, attributes) => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag)
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
    return element
  }

  const sparkline = (history) => {
    if (!history || history.length < 2) return ''
    const most = Math.max(1, ...history.map(([, took]) => took))
    const width = history.length * 5
    const failed = history.filter(([outcome]) => outcome !== 'p').length
    const label = `last ${history.length} runs, ${failed} of them did not pass`
    const svg = drawn('svg', { class: 'is-runs', viewBox: `0 0 ${width} 22`, width, height: 22, role: 'img', 'aria-label': label })
    history.forEach(([outcome, took], at) => {
      const height = Math.max(2, Math.round((took / most) * 16))
      const state = outcome === 'p' ? 'passed' : 'failed'
      svg.append(drawn('rect', { class: state, x: at * 5, y: 22 - height, width: 4, height }))
      if (state === 'failed') svg.append(drawn('circle', { cx: at * 5 + 2, cy: 19 - height, r: 1.8 }))
    })
    return svg
  }

  // Without any earlier run there is no column for them.
  const markFirstRuns = (records) => {
    document.body.classList.toggle('is-first-runs', records.every((record) => record.history.length < 2))
  }

  // The filter: every word must occur, a word after "-" must not.
  const haystack = (record) =>
    [record.outcome, record.fault, record.nodeid, record.sentence, ...record.tags.map((tag) => `@${tag}`)].join(' ').toLowerCase()

  const matcher = (text) => {
    const words = text.toLowerCase().split(/\s+/).filter((word) => word && word !== '-')
    return (hay) => words.every((word) => (word.startsWith('-') ? !hay.includes(word.slice(1)) : hay.includes(word)))
  }

  // Sorting: worst or largest first.
  const WORST_FIRST = ['error', 'failed', 'inconclusive', 'interrupted', 'xpassed', 'rerun', 'xfailed', 'skipped', 'checked', 'passed']
  const rank = (record) => WORST_FIRST.indexOf(record.outcome)
  const sortKeys = {
    outcome: rank,
    name: (record) => record.nodeid,
    validations: (record) => { const [held, all] = record.validations.split('/').map(Number); return all ? held / all : 2 },
    end_to_end: (record) => -record.end_to_end_ns,
    slowest: (record) => -record.slowest_ns,
    history: (record) => -record.history.filter(([outcome]) => outcome !== 'p').length,
    duration: (record) => -record.duration_ns,
  }
  const compare = (key, down) => (one, other) => {
    const [a, b] = [sortKeys[key](one), sortKeys[key](other)]
    return (a < b ? -1 : a > b ? 1 : one.number - other.number) * (down ? -1 : 1)
  }

  const filterBox = (changed) => {
    const box = make('input', {
      type: 'search', id: 'is-filter', 'aria-label': 'Filter the plans', spellcheck: 'false',
      placeholder: 'Filter: failed LATENCY @tag name -not',
    })
    box.addEventListener('input', () => changed(matcher(box.value)))
    document.addEventListener('keydown', (event) => {
      if (event.key !== '/' || event.target.matches('input, textarea')) return
      event.preventDefault()
      box.focus()
    })
    return box
  }

  const themeButton = () => {
    const root = document.documentElement
    const button = make('button', { type: 'button', class: 'is-copy', id: 'is-theme' })
    const dark = () => (root.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark'
    const label = () => { button.textContent = dark() ? 'Light' : 'Dark' }
    try { root.dataset.theme = localStorage.getItem('intellisense-theme') || '' } catch { /* a page from file:// may not store */ }
    button.addEventListener('click', () => {
      root.dataset.theme = dark() ? 'light' : 'dark'
      try { localStorage.setItem('intellisense-theme', root.dataset.theme) } catch { /* then it holds for this page */ }
      label()
    })
    label()
    return button
  }

  const copy = async (button) => {
    const label = button.textContent
    try {
      await navigator.clipboard.writeText(button.dataset.copy)
    } catch {
      const text = make('textarea', { 'aria-hidden': 'true' }, button.dataset.copy)
      document.body.append(text)
      text.select()
      document.execCommand('copy')
      text.remove()
      button.focus()
    }
    button.textContent = 'Copied'
    setTimeout(() => { button.textContent = label }, 1200)
  }

  // The lightbox: one pixel of the picture is one pixel of the page, or two, or four.
  const ZOOMS = [1, 2, 4]
  const box = make('dialog', { id: 'is-lightbox', 'aria-label': 'Picture' })
  const shown = { images: [], at: 0, zoom: 1 }
  const draw = () => {
    const image = shown.images[shown.at]
    const large = make('img', { src: image.src, alt: image.alt })
    large.style.width = `${image.naturalWidth * shown.zoom}px`
    const button = (label, action) => {
      const one = make('button', { type: 'button', class: 'is-copy' }, label)
      one.addEventListener('click', action)
      return one
    }
    const bar = make('div', { class: 'is-lightbox-bar' }, make('span', {}, `${image.alt}, ${image.naturalWidth} × ${image.naturalHeight} px`))
    for (const zoom of ZOOMS) {
      const one = button(zoom === 1 ? '1:1' : `${zoom}×`, () => { shown.zoom = zoom; draw() })
      one.setAttribute('aria-pressed', String(zoom === shown.zoom))
      bar.append(one)
    }
    if (shown.images.length > 1) bar.append(button('Next', () => turn(1)))
    bar.append(button('Close', () => box.close()))
    box.replaceChildren(bar, make('div', { class: 'is-lightbox-view', tabindex: '0', role: 'group', 'aria-label': 'Picture, scrolls' }, large))
  }
  const turn = (by) => {
    shown.at = (shown.at + by + shown.images.length) % shown.images.length
    draw()
  }
  const enlarge = (button) => {
    shown.images = [...button.closest('.is-strip').querySelectorAll('.is-zoom img')]
    shown.at = shown.images.indexOf(button.querySelector('img'))
    shown.zoom = 1
    draw()
    if (!box.isConnected) document.body.append(box)
    box.showModal()
  }
  box.addEventListener('click', (event) => { if (event.target === box) box.close() })
  box.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowRight') turn(1)
    if (event.key === 'ArrowLeft') turn(-1)
  })

  // "toggle" does not bubble, so it is caught on its way down.
  document.addEventListener('toggle', async ({ target }) => {
    const packed = target.matches('.is-lazy[open]') && target.querySelector('script')
    if (packed) packed.replaceWith(build((await unpack(packed))[0]))
  }, true)

  document.addEventListener('click', (event) => {
    const copied = event.target.closest('[data-copy]')
    if (copied) copy(copied)
    const zoomed = event.target.closest('.is-zoom')
    if (zoomed) enlarge(zoomed)
  })

  return { make, index, details, nameCell, sparkline, markFirstRuns, haystack, rank, compare, filterBox, themeButton }
})()
