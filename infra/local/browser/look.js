// What the checks ask of a document. It runs in a world of its own, once for each document, and changes nothing that it does
// not put back.
function () {
  const rect = element => element.getBoundingClientRect();
  const shown = element => element.checkVisibility({ opacityProperty: false, visibilityProperty: true }) && rect(element).width > 0 && rect(element).height > 0;
  const words = element => (element.innerText || element.value || element.getAttribute('aria-label') || '').trim().replace(/\s+/g, ' ').slice(0, 40);

  // where names an element so that a person finds it.
  function where(element) {
    let name = element.localName;
    if (element.id) name += '#' + element.id;
    else if (element.getAttribute('name')) name += `[name=${element.getAttribute('name')}]`;
    else if (element.classList.length) name += '.' + element.classList[0];
    const text = words(element);
    return text ? `${name} "${text}"` : name;
  }

  function element(found) {
    if (!found) return {};
    return {
      tag: found.localName, id: found.id, field: found.getAttribute('name') || '',
      value: typeof found.value === 'string' ? found.value : '', checked: found.checked === true,
    };
  }

  // spot returns the middle of an element in the viewport, scrolled to.
  function spot(selector) {
    const target = document.querySelector(selector);
    if (!target) return { fault: 'there is none' };
    target.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
    const r = rect(target), x = r.x + r.width / 2, y = r.y + r.height / 2;
    const there = document.elementFromPoint(x, y);
    if (!there) return { fault: 'it is out of reach' };
    const labels = [...(target.labels || [])];
    if (there !== target && !target.contains(there) && !labels.some(l => l.contains(there))) return { fault: 'it is covered by ' + where(there) };
    return { x, y };
  }

  // overflow returns what makes the page wider than its viewport: the innermost elements that stand out.
  function overflow() {
    const root = document.scrollingElement, width = document.documentElement.clientWidth;
    if (root.scrollWidth <= width) return [];
    const end = e => getComputedStyle(e).overflowX === 'visible' ? Math.max(rect(e).right, rect(e).left + e.scrollWidth) : rect(e).right;
    const out = [...document.body.querySelectorAll('*')].filter(e => shown(e) && (end(e) > width + 1 || rect(e).left < -1));
    const inner = out.filter(e => !out.some(o => o !== e && e.contains(o)));
    const total = `the page is ${root.scrollWidth} px wide in a viewport of ${width} px`;
    return inner.length ? inner.map(e => ({ where: where(e), what: `it reaches to ${Math.round(end(e))} px: ${total}` })) : [{ where: 'html', what: total }];
  }

  const interactive = 'a[href], area[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]:not([tabindex="-1"]), [role=button], [role=link], [role=checkbox], [role=radio], [role=tab], [role=switch]';

  // inSentence says whether a link stands in a line of text, whose height limits it (WCAG 2.2, 2.5.8, exception "inline").
  function inSentence(target) {
    if (getComputedStyle(target).display !== 'inline') return false;
    for (let e = target.parentElement; e; e = e.parentElement) {
      if ([...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && /\p{L}/u.test(n.data))) return true;
      if (getComputedStyle(e).display !== 'inline') return false;
    }
    return false;
  }

  // smallTargets returns what a finger misses: targets under 24 × 24 px, a label counting for its field.
  function smallTargets() {
    const big = r => r.width >= 23.99 && r.height >= 23.99;
    const out = [];
    for (const target of document.querySelectorAll(interactive)) {
      const all = [target, ...(target.labels || [])].filter(shown);
      if (!all.length || all.some(e => big(rect(e))) || inSentence(target)) continue;
      const r = rect(all[0]);
      out.push({ where: where(target), what: `${r.width.toFixed(1)} × ${r.height.toFixed(1)} px` });
    }
    return out;
  }

  let styles = [];
  // enlarge makes all text as many times larger, as browsers do that enlarge text alone; restore takes that back.
  function enlarge(times) {
    const sizes = [...document.querySelectorAll('body, body *')].map(e => {
      const style = getComputedStyle(e);
      return [e, parseFloat(style.fontSize), parseFloat(style.lineHeight)];
    });
    styles = sizes.map(([e]) => [e, e.getAttribute('style')]);
    for (const [e, size, line] of sizes) {
      if (!e.style) continue;
      e.style.setProperty('font-size', size * times + 'px', 'important');
      if (line) e.style.setProperty('line-height', line * times + 'px', 'important');
    }
    return true;
  }
  function restore() {
    for (const [e, style] of styles) {
      e.getAttribute('style'); // the attribute lags behind the style until it is read, and what lags is not removed
      if (style === null) e.removeAttribute('style');
      else e.style.cssText = style;
    }
    styles = [];
    return true;
  }

  // clipped returns elements that hide part of their text.
  function clipped() {
    const cuts = value => value === 'hidden' || value === 'clip';
    const out = [];
    for (const e of document.body.querySelectorAll('*')) {
      const r = rect(e), style = getComputedStyle(e);
      if (!shown(e) || !words(e) || r.width <= 2 || r.height <= 2) continue; // text for screen readers alone
      if (cuts(style.overflowX) && e.scrollWidth > e.clientWidth + 1) out.push({ where: where(e), what: `it shows ${e.clientWidth} of ${e.scrollWidth} px of its width` });
      if (cuts(style.overflowY) && e.scrollHeight > e.clientHeight + 1) out.push({ where: where(e), what: `it shows ${e.clientHeight} of ${e.scrollHeight} px of its height` });
    }
    return out;
  }

  let caret = '';
  // focus returns what has the focus: its place among all elements, -1 where it is none, and the box in the document around
  // it and its labels in which its focus must show.
  function focus() {
    const e = document.activeElement;
    if (!e || e === document.body || e === document.documentElement) return { place: -1 };
    settle();
    caret = e.style.caretColor;
    e.style.setProperty('caret-color', 'transparent', 'important'); // it blinks, and shows that one may type, not where one is
    const around = 8;
    const boxes = [e, ...(e.labels || [])].map(rect);
    const left = Math.min(...boxes.map(r => r.left)), top = Math.min(...boxes.map(r => r.top));
    const right = Math.max(...boxes.map(r => r.right)), bottom = Math.max(...boxes.map(r => r.bottom));
    const x = Math.max(0, left + scrollX - around), y = Math.max(0, top + scrollY - around);
    return {
      place: [...document.querySelectorAll('*')].indexOf(e), where: where(e),
      x, y, width: right + scrollX + around - x, height: bottom + scrollY + around - y,
      side: Math.max(...boxes.filter(r => r.width > 0).map(r => Math.max(r.width, r.height)).slice(0, 1), 0),
      seen: boxes.some(r => r.right > 0 && r.bottom > 0 && r.left < innerWidth && r.top < innerHeight),
    };
  }
  // settle ends what moves, so that what is seen is what stays.
  function settle() {
    for (const a of document.getAnimations()) {
      if (a.effect.getComputedTiming().endTime === Infinity) a.cancel();
      else a.finish();
    }
    return true;
  }
  function blur() {
    document.activeElement.blur();
    return settle();
  }
  function refocus(place) {
    const e = document.querySelectorAll('*')[place];
    e.style.caretColor = caret;
    if (e.getAttribute('style') === '') e.removeAttribute('style');
    e.focus({ preventScroll: true, focusVisible: true });
    return settle();
  }

  // tellClick calls a binding with the next click.
  function tellClick(binding) {
    document.addEventListener('click', () => globalThis[binding](''), { capture: true, once: true });
    return true;
  }

  globalThis.liuke = { tellClick, where, element, spot, overflow, smallTargets, enlarge, restore, clipped, focus, settle, blur, refocus };
  return true;
}
