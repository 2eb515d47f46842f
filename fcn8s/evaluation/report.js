'use strict';

// Sorting: a heading's button sorts by its column, the next click the other way. What has no value stays at the end.
for (const table of document.querySelectorAll('table.sortable')) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => heading.querySelector('button').addEventListener('click', () => {
    const numbers = heading.classList.contains('number');
    const before = heading.getAttribute('aria-sort');
    const down = before ? before === 'ascending' : numbers;  // first the largest number, or the first name
    const value = row => row.cells[column].dataset.value;
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      if (value(a) === '' || value(b) === '') return (value(a) === '') - (value(b) === '');
      const order = numbers ? value(a) - value(b) : value(a).localeCompare(value(b));
      return down ? -order : order;
    });
    table.tBodies[0].append(...rows);
    headings.forEach(other => other.removeAttribute('aria-sort'));
    heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  }));
}

// The heat map: says which cell the pointer is on.
const heat = document.getElementById('heat');
if (heat) {
  const {names, cells} = JSON.parse(document.getElementById('cells').textContent);
  const readout = document.getElementById('readout');
  const pixels = new Map(cells.map(([row, column, count]) => [row * names.length + column, count]));
  const totals = names.map(() => 0);
  cells.forEach(([row, , count]) => { totals[row] += count; });
  const tell = event => {
    const box = heat.getBoundingClientRect();
    const place = offset => Math.min(names.length - 1, Math.max(0, Math.floor(offset * names.length)));
    const row = place((event.clientY - box.top) / box.height);
    const column = place((event.clientX - box.left) / box.width);
    const count = pixels.get(row * names.length + column) || 0;
    const share = totals[row] ? (100 * count / totals[row]).toFixed(1) : '0.0';
    readout.textContent = `${names[row]} \u2192 ${names[column]}: ${share} % of ${names[row]}, ` +
      `${count.toLocaleString('en')} pixels`;
  };
  heat.addEventListener('pointermove', tell);
  heat.addEventListener('pointerdown', tell);
}
