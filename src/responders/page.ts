import { createHash } from 'node:crypto';
import { subjectOf, type SpokenMessage } from '../notifications/message.ts';
import type { PageReply } from '../platform/route.ts';
import { furthest, responseStates, type ResponseState, type ResponseStep } from './response.ts';

const style = `body{font:18px/1.5 system-ui,sans-serif;margin:0 auto;max-width:32rem;padding:1rem;color:#1a1a1a}
button{display:block;width:100%;margin:.6rem 0;padding:1rem;font-size:1.1rem;border:2px solid #124;border-radius:8px;background:#fff}
button:disabled{background:#dfe9df;border-color:#686;color:#333}small{color:#555;display:block}`;

const policy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

const names: Record<ResponseState, { id: string; en: string }> = {
  acknowledged: { id: 'Tugas diterima', en: 'Acknowledged' },
  'en-route': { id: 'Berangkat', en: 'En route' },
  'on-scene': { id: 'Tiba di lokasi', en: 'On scene' },
  done: { id: 'Selesai', en: 'Done' },
};

/** What the page shows of a dispatch: nothing of the caller. */
export interface CrewTask {
  readonly agencyName: string;
  /** Null when nothing can be read of the incident at the moment. */
  readonly message: SpokenMessage | null;
  readonly calledOff: boolean;
  readonly steps: readonly ResponseStep[];
}

/** The crew's page, with a button for each step that is still to come. */
export function crewPage(status: number, task: CrewTask, notice: string | null, timeZone: string): PageReply {
  const last = furthest(task.steps);
  const time = new Intl.DateTimeFormat('id-ID', { timeZone, timeStyle: 'short' });
  const button = (state: ResponseState): string => {
    const step = task.steps.find((one) => one.state === state);
    const passed = last !== null && responseStates.indexOf(state) <= responseStates.indexOf(last.state);
    const at = step === undefined ? '' : ` ✓ ${time.format(step.at)}`;
    const { id, en } = names[state];
    return `<button name="state" value="${state}"${passed ? ' disabled' : ''}>${id}${at}<small>${en}</small></button>`;
  };
  const shown = task.calledOff
    ? '<p><b>Tugas dibatalkan.</b><small>This task was called off.</small></p>'
    : `<form method="post">${responseStates.map(button).join('')}</form>`;
  const subject =
    task.message === null
      ? '<p>112</p>'
      : `<p><b>${escape(subjectOf(task.message, 'id'))}</b><small>${escape(subjectOf(task.message, 'en'))}</small></p>`;
  const said = notice === null ? '' : `<p role="status">${escape(notice)}</p>`;
  return page(status, `<h1>${escape(task.agencyName)}</h1>${subject}${said}${shown}`);
}

/** A page with nothing but a sentence in both languages. */
export function plainPage(status: number, id: string, en: string): PageReply {
  return page(status, `<p>${escape(id)}<small>${escape(en)}</small></p>`);
}

function page(status: number, body: string): PageReply {
  const html = `<!doctype html><html lang="id"><head><meta charset="utf-8"><title>Siaga 112</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
<style>${style}</style></head><body>${body}</body></html>`;
  return { status, html, headers: { 'Content-Security-Policy': policy, 'Referrer-Policy': 'no-referrer' } };
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
