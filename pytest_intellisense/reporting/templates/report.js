(() => {
  const holder = document.getElementById('is-details')
  const built = new Map()
  let details = { cases: [], pictures: {} }

  const unpack = async () => {
    const packed = Uint8Array.from(atob(holder.textContent), (letter) => letter.charCodeAt(0))
    const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))
    return new Response(plain).json()
  }

  const build = (index) => {
    const place = document.createElement('div')
    place.innerHTML = details.cases[index] || ''
    place.querySelectorAll('img[data-picture]').forEach((image) => {
      image.src = 'data:image/png;base64,' + details.pictures[image.dataset.picture]
    })
    return place
  }

  // pytest-html draws all rows anew on every click: what was built once is moved into the new row, open or closed as it was.
  const fill = () => {
    document.querySelectorAll('#results-table tr.extras-row:not(.hidden) .is-place:empty').forEach((place) => {
      const index = place.dataset.case
      if (!built.has(index)) built.set(index, build(index))
      place.append(built.get(index))
    })
  }

  const copy = async (button) => {
    const label = button.textContent
    try {
      await navigator.clipboard.writeText(button.dataset.copy)
      button.textContent = 'Copied'
    } catch {
      window.prompt('Copy with Ctrl+C', button.dataset.copy)
    }
    setTimeout(() => { button.textContent = label }, 1200)
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest('.is-copy')
    if (button) copy(button)
    if (event.target.matches('.is-strip img')) event.target.classList.toggle('is-zoomed')
  })

  document.addEventListener('DOMContentLoaded', async () => {
    document.getElementById('environment').classList.add('hidden')
    document.getElementById('environment-header').classList.add('collapsed')
    details = await unpack()
    new MutationObserver(fill).observe(document.body, { childList: true })
    fill()
    if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView()
    document.body.dataset.ready = 'yes'
  })
})()
