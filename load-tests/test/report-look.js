/**
 * Looks at the report inside of the browser and names what a reader would stumble over: something wider than the
 * page, a drawing that is not there, words over a curve or over each other, words that are hardly there.
 *
 * It is read as text and evaluated in the page. Its value is a list of sentences, and an empty one is a good report.
 */

/** WCAG 2.2, 1.4.3. That large letters may have less is not used. */
const LEAST_CONTRAST = 4.5

const words = wordsOf(document.body)
const charts = [...document.querySelectorAll('figure.chart:has(.plot)')].filter((chart) => chart.checkVisibility())
const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
const pixel = canvas.getContext('2d', { willReadFrequently: true })

;[...wide(), ...charts.flatMap(drawn), ...charts.flatMap(crossed), ...pale()]

/** Each run of letters with the boxes that it is drawn in; what is only for those who hear the page is left out. */
function wordsOf(root) {
  const found = []
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    const parent = node.parentElement
    if (node.data.trim() === '' || parent.closest('.hidden, script, style, title, desc')) continue
    // Of letters in a drawing that is not displayed, a browser may say that they are visible: they have no box.
    if (!parent.checkVisibility({ visibilityProperty: true }) || parent.getClientRects().length === 0) continue
    const range = document.createRange()
    range.selectNodeContents(node)
    const boxes = [...range.getClientRects()].filter(({ width, height }) => width > 0 && height > 0)
    if (boxes.length > 0) found.push({ text: node.data.trim(), parent, boxes })
  }
  return found
}

function wide() {
  const width = document.documentElement.clientWidth
  const whole = document.documentElement.scrollWidth
  const outside = words.filter(
    ({ parent, boxes }) => !isCut(parent) && boxes.some(({ left, right }) => left < 0 || right > width + 1),
  )
  return [
    ...(whole > width ? [`The page is ${whole} pixels wide, and there are ${width}.`] : []),
    ...outside.map(({ text }) => `"${text}" leaves the page.`),
  ]
}

/** Scrolled in a box of its own, or shortened with three dots. */
function isCut(element) {
  return element.closest('.scroll') !== null || getComputedStyle(element).textOverflow === 'ellipsis'
}

function drawn(chart) {
  const { left, right, width, height } = chart.querySelector('.plot > svg').getBoundingClientRect()
  const curves = [...chart.querySelectorAll('.curves path')].map((path) => path.getBoundingClientRect())
  const isInside = left >= 0 && right <= document.documentElement.clientWidth && width > 200 && height > 80
  const hasCurves = curves.some((curve) => curve.width > 0)
  return [
    ...(isInside ? [] : [`The chart "${titleOf(chart)}" is no drawing inside of the page.`]),
    ...(hasCurves ? [] : [`The chart "${titleOf(chart)}" has no curve.`]),
  ]
}

/** The grid spans what belongs to the curves. */
function crossed(chart) {
  const lines = [...chart.querySelectorAll('.grid')].map((line) => line.getBoundingClientRect())
  const plot = {
    left: Math.min(...lines.map(({ left }) => left)),
    right: Math.max(...lines.map(({ right }) => right)),
    top: Math.min(...lines.map(({ top }) => top)),
    bottom: Math.max(...lines.map(({ bottom }) => bottom)),
  }
  const own = wordsOf(chart).flatMap(({ text, boxes }) => boxes.map((box) => ({ text, box })))
  return own.flatMap(({ text, box }, index) => [
    ...(touch(box, plot) ? [`"${text}" stands over the curves of "${titleOf(chart)}".`] : []),
    ...own
      .slice(index + 1)
      .filter((other) => touch(box, other.box))
      .map((other) => `"${text}" and "${other.text}" touch in "${titleOf(chart)}".`),
  ])
}

/** By more than the room that a font leaves around its letters. */
function touch(one, other) {
  const slack = 3
  return (
    one.left + slack < other.right &&
    other.left + slack < one.right &&
    one.top + slack < other.bottom &&
    other.top + slack < one.bottom
  )
}

function titleOf(chart) {
  return chart.querySelector('h4').textContent
}

function pale() {
  return words.flatMap(({ text, parent, boxes: [box] }) => {
    const { color, fill } = getComputedStyle(parent)
    const layers = layersBelow(parent, box)
    const ratio = contrast(painted(layers), painted([...layers, parent.closest('svg') ? fill : color]))
    return ratio < LEAST_CONTRAST ? [`"${text}" has a contrast of ${ratio.toFixed(2)}.`] : []
  })
}

/** Backgrounds from the page up to the word; in a drawing, also the bar that the word stands on. */
function layersBelow(element, box) {
  const backgrounds = []
  for (let at = element; at; at = at.parentElement) backgrounds.unshift(getComputedStyle(at).backgroundColor)
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2]
  const bars = [...(element.closest('svg')?.querySelectorAll('rect') ?? [])].filter((bar) => {
    const { left, right, top, bottom } = bar.getBoundingClientRect()
    return left < x && x < right && top < y && y < bottom
  })
  return [...backgrounds, ...bars.map((bar) => getComputedStyle(bar).fill)]
}

/** What the browser makes of colours upon each other, whichever way they are written. */
function painted(layers) {
  pixel.clearRect(0, 0, 1, 1)
  for (const colour of layers) {
    pixel.fillStyle = colour
    pixel.fillRect(0, 0, 1, 1)
  }
  const [red, green, blue, opacity] = pixel.getImageData(0, 0, 1, 1).data
  if (opacity < 255) throw new Error('The page has no background of its own')
  return [red, green, blue]
}

/** WCAG 2.2, relative luminance. */
function luminance(colour) {
  const [red, green, blue] = colour.map((byte) => {
    const value = byte / 255
    return value <= 0.040_45 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}
