// Figures as a table for the terminal and, the same, for the README.

export function printTable(figures) {
  const rows = [head, ...figures.map(cells)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |\n`;
  process.stdout.write(line(head) + line(widths.map((width) => '-'.repeat(width))) + rows.slice(1).map(line).join(''));
  for (const { name, reason } of figures) if (reason) process.stdout.write(`${name}: ${reason}\n`);
}

const head = ['Figure', 'Unit', 'p50', 'p95', 'p99', 'Least', 'Most', 'Peer', 'Ratio', 'Aim', 'Met'];

function cells({ name, unit, ours, peer, ratio, aim, met }) {
  return [
    name,
    unit,
    ...[ours.p50, ours.p95, ours.p99, ours.min, ours.max].map(number),
    peer ? `${peer.name}: ${number(peer.p50)}, p99 ${number(peer.p99)}` : '',
    ratio === null ? '' : number(ratio),
    aim ?? '',
    met === null ? '' : met ? 'yes' : 'NO',
  ];
}

function number(value) {
  return value === null ? 'none' : value.toLocaleString('en', { maximumSignificantDigits: 4 });
}
