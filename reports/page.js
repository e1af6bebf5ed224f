'use strict';
// Highlights a variant when its legend is pointed at, toggles it when pressed, and
// reads values under the pointer. The page is complete without.
(() => {
  const svgNS = 'http://www.w3.org/2000/svg';
  const digits = v => v === 0 ? '0' : Math.abs(v) >= 1000 ? String(Math.round(v)) : String(+v.toPrecision(3));

  for (const section of document.querySelectorAll('section.scenario')) legend(section);
  for (const hit of document.querySelectorAll('.hit')) crosshair(hit);
  for (const strip of document.querySelectorAll('.strip')) cells(strip);
  window.addEventListener('beforeprint', () => {
    for (const d of document.querySelectorAll('details:not(.events)')) d.open = true;
  });

  function legend(section) {
    const parts = key => section.querySelectorAll('.s[data-v="' + key + '"], .chip[data-v="' + key + '"]');
    const highlight = (key, on) => {
      section.classList.toggle('hovering', on);
      for (const e of parts(key)) e.classList.toggle('hover', on);
    };
    for (const e of section.querySelectorAll('.chip, tr.s, .label')) {
      const key = e.dataset.v;
      e.addEventListener('pointerenter', event => { if (event.pointerType !== 'touch') highlight(key, true); });
      e.addEventListener('pointerleave', () => highlight(key, false));
      if (!e.classList.contains('chip')) continue;
      e.addEventListener('focus', () => { if (e.matches(':focus-visible')) highlight(key, true); });
      e.addEventListener('blur', () => highlight(key, false));
      e.addEventListener('click', () => {
        const on = e.getAttribute('aria-pressed') !== 'true';
        e.setAttribute('aria-pressed', String(on));
        for (const s of section.querySelectorAll('.series[data-v="' + key + '"]')) {
          s.classList.toggle('muted', !on);
          if (on && s.parentNode.classList.contains('lines')) s.parentNode.append(s);
        }
      });
    }
  }

  function scale(text) {
    const [kind, ...numbers] = text.split(' ');
    const [lo, hi, from, to] = numbers.map(Number);
    return at => {
      const share = (at - from) / (to - from);
      return kind === 'log' ? lo * Math.pow(hi / lo, share) : lo + share * (hi - lo);
    };
  }

  // pieces parses what polyline wrote: runs of points.
  function pieces(path) {
    return path.split('M').slice(1).map(run => run.replace('h0', '').split('L').map(p => p.split(' ').map(Number)));
  }

  // crossing returns where the runs pass place along axis a, on the other axis; undefined where they do not.
  function crossing(runs, a, place) {
    for (const run of runs) {
      for (let i = 0; i < run.length; i++) {
        const p = run[i], q = run[i + 1];
        if (!q) { if (Math.abs(p[a] - place) < 3) return p[1 - a]; continue; }
        if ((p[a] - place) * (q[a] - place) <= 0 && p[a] !== q[a]) {
          return p[1 - a] + (q[1 - a] - p[1 - a]) * (place - p[a]) / (q[a] - p[a]);
        }
      }
    }
  }

  function place(svg, event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  }

  function tipOf(svg) {
    const figure = svg.closest('figure');
    let tip = figure.querySelector('.tip');
    if (!tip) {
      tip = document.createElement('div');
      tip.className = 'tip';
      tip.hidden = true;
      figure.append(tip);
    }
    return tip;
  }

  // put moves the tip beside the pointer, within the figure, and above a finger.
  function put(tip, event) {
    const box = tip.parentNode.getBoundingClientRect();
    tip.hidden = false;
    const x = event.clientX - box.left, y = event.clientY - box.top;
    const left = x + 16 + tip.offsetWidth > box.width ? x - 16 - tip.offsetWidth : x + 16;
    tip.style.left = Math.max(0, Math.min(left, box.width - tip.offsetWidth)) + 'px';
    tip.style.top = (event.pointerType === 'touch' ? y - tip.offsetHeight - 24 : y + 14) + 'px';
  }

  function crosshair(hit) {
    const svg = hit.ownerSVGElement, x = scale(hit.dataset.x), y = scale(hit.dataset.y);
    const along = hit.dataset.cross === 'x' ? 0 : 1, unit = hit.dataset.unit;
    const box = ['x', 'y', 'width', 'height'].map(n => Number(hit.getAttribute(n)));
    let group = hit.nextElementSibling;
    while (group && !group.classList.contains('lines')) group = group.nextElementSibling;
    if (!group) return;
    const lines = Array.from(group.children, s => ({ s, runs: pieces(s.querySelector('.line')?.getAttribute('d') ?? '') }));
    const line = document.createElementNS(svgNS, 'line');
    line.setAttribute('class', 'cross');
    const tip = tipOf(svg);
    const leave = () => { line.remove(); tip.hidden = true; };
    const move = event => {
      const at = place(svg, event), here = along === 0 ? at.x : at.y;
      if (at.x < box[0] || at.x > box[0] + box[2] || at.y < box[1] || at.y > box[1] + box[3]) return leave();
      const ends = along === 0 ? [here, box[1], here, box[1] + box[3]] : [box[0], here, box[0] + box[2], here];
      ['x1', 'y1', 'x2', 'y2'].forEach((n, i) => line.setAttribute(n, ends[i]));
      group.after(line);
      const rows = [];
      for (const { s, runs } of lines) {
        if (s.classList.contains('muted') && !s.classList.contains('hover')) continue;
        const found = crossing(runs, along, here);
        if (found !== undefined) rows.push([s, along === 0 ? y(found) : x(found)]);
      }
      rows.sort((a, b) => a[1] - b[1]);
      const share = digits(100 * y(here)) + '% took longer than';
      tip.replaceChildren(Object.assign(document.createElement('b'), { textContent: along === 0 ? digits(x(here)) + ' s' : share }));
      for (const [s, value] of rows) {
        const row = document.createElement('div'), name = document.createElement('span'), number = document.createElement('span');
        const chip = s.closest('section').querySelector('.chip[data-v="' + s.dataset.v + '"] .swatch');
        if (chip) row.append(chip.cloneNode(true));
        name.textContent = s.dataset.name;
        number.textContent = digits(value) + ' ' + unit;
        row.append(name, number);
        tip.append(row);
      }
      put(tip, event);
    };
    // The lines lie on top of the plot: what is over them counts as well.
    for (const e of [hit, group]) {
      e.addEventListener('pointermove', move);
      e.addEventListener('pointerdown', move);
      e.addEventListener('pointerleave', leave);
    }
    document.addEventListener('pointerdown', event => { if (!svg.contains(event.target)) leave(); });
    for (const t of group.querySelectorAll('title')) t.remove();
  }

  function cells(strip) {
    const svg = strip.ownerSVGElement, tip = tipOf(svg);
    const names = strip.dataset.names.split('|'), values = strip.dataset.values.split('|');
    const from = Number(strip.dataset.from), to = Number(strip.dataset.to);
    strip.querySelector('title')?.remove();
    const move = event => {
      const i = Math.floor((place(svg, event).x - from) / (to - from) * names.length);
      if (i < 0 || i >= names.length) return;
      const head = Object.assign(document.createElement('b'), { textContent: strip.dataset.name });
      tip.replaceChildren(head, names[i] + ': ' + (values[i] === '' ? '–' : values[i] + '%'));
      put(tip, event);
    };
    strip.addEventListener('pointermove', move);
    strip.addEventListener('pointerdown', move);
    strip.addEventListener('pointerleave', () => { tip.hidden = true; });
  }
})();
