/**
 * The read-out of the charts: the values at the moment under the pointer or the finger, or at the one reached by the arrow
 * keys.
 *
 * The page says all it has to say without this script; it only saves the reader from guessing heights. It runs in the
 * browser, inside the page.
 */

const number = new Intl.NumberFormat('en')

for (const plot of document.querySelectorAll('.plot')) {
  const chart = plot.closest('.chart')
  const { endMs, widthMs, unit, names, values } = JSON.parse(chart.querySelector('script').textContent)
  const neighbours = () => (chart.closest('.panel') ?? chart).querySelectorAll('.cross')
  const last = values[0].length - 1
  let slot = -1

  const show = (next) => {
    slot = Math.min(last, Math.max(0, next))
    const x = `${(Math.min(endMs, (slot + 0.5) * widthMs) / endMs) * 100}%`
    for (const cross of neighbours()) {
      cross.setAttribute('x1', x)
      cross.setAttribute('x2', x)
      cross.setAttribute('visibility', 'visible')
    }
    const said = names.map((name, index) => `${name} ${written(values[index][slot], unit)}`.replaceAll(' ', '\u00a0'))
    chart.querySelector('.read-out').textContent = `${moment(slot * widthMs, endMs)}   ${said.join('   ')}`
  }

  const hide = () => {
    for (const cross of neighbours()) cross.setAttribute('visibility', 'hidden')
    chart.querySelector('.read-out').textContent = ''
    slot = -1
  }

  const follow = (event) => {
    const { left, width } = plot.querySelector('svg').getBoundingClientRect()
    show(Math.floor((((event.clientX - left) / width) * endMs) / widthMs))
  }

  plot.addEventListener('pointerdown', follow)
  plot.addEventListener('pointermove', follow)
  // A finger that is lifted leaves too, and what it has asked for is to be read after that.
  plot.addEventListener('pointerleave', ({ pointerType }) => pointerType === 'mouse' && hide())
  plot.addEventListener('blur', hide)
  plot.addEventListener('keydown', (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (way === undefined) return
    event.preventDefault()
    show(slot + way)
  })
}

function written(value, unit) {
  if (value === null) return '–'
  if (unit === '%') return `${(value * 100).toFixed(1)} %`
  const rounded = value < 100 ? Number(value.toPrecision(3)) : Math.round(value)
  return `${number.format(rounded).replaceAll(',', ' ')}${unit === 'ms' || unit === 'MiB' ? ` ${unit}` : ''}`
}

function moment(ms, endMs) {
  const seconds = Math.floor(ms / 1000)
  const rest = String(seconds % 60).padStart(2, '0')
  return endMs < 120_000 ? `${seconds} s` : `${Math.floor(seconds / 60)}:${rest}`
}
