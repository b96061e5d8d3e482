import { createHash } from 'node:crypto';
import type { Route } from './route.ts';

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1a1a1a}
h2{margin-top:2rem;border-bottom:1px solid #ccc}li{margin:.35rem 0;list-style:none}ul{padding:0}
code{background:#f2f2f2;padding:.1rem .3rem;border-radius:3px}b{display:inline-block;width:4.2rem}small{color:#555}`;

/** What Content-Security-Policy must allow for the page: its own style and nothing else. */
export const docsStyleHash = `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** A plain page that lists every route; no script, nothing from elsewhere. */
export function docsPage(routes: readonly Route[]): string {
  const groups = new Map<string, Route[]>();
  for (const route of routes) {
    const name = route.path.split('/')[2] ?? 'general';
    groups.set(name, [...(groups.get(name) ?? []), route]);
  }
  const sections = [...groups]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, members]) => `<h2>${escape(name)}</h2><ul>${members.map(item).join('')}</ul>`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Siaga 112 API</title><style>${style}</style></head>
<body><h1>Siaga 112 API</h1><p>Send <code>Authorization: Bearer …</code>. The full description, with every schema:
<a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>${sections.join('')}</body></html>`;
}

function item(route: Route): string {
  const allowed = route.roles === 'public' ? 'public' : route.roles.join(', ');
  return `<li><b>${route.method}</b><code>${escape(route.path)}</code> ${escape(route.summary)} <small>${escape(allowed)}</small></li>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
