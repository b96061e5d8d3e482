import { Counter } from 'prom-client';
import type { Metrics } from './platform/metrics.ts';

/** Counts frames of the event socket: how many were acted on, ignored, or dropped as malformed. */
export function watchEventSocket(metrics: Metrics): (kind: 'event' | 'ignored' | 'malformed') => void {
  const frames = new Counter({
    name: 'siaga_event_frames_total',
    help: 'Frames of the event socket, by what became of them',
    labelNames: ['kind'],
    registers: [metrics.registry],
  });
  return (kind) => frames.inc({ kind });
}

/** Counts agency rings by the way they went. */
export function countRings(metrics: Metrics): (way: 'queue' | 'in-line') => void {
  const rings = new Counter({
    name: 'siaga_agency_rings_total',
    help: 'Trunks rung, through the queue or in line while Redis was away',
    labelNames: ['way'],
    registers: [metrics.registry],
  });
  return (way) => rings.inc({ way });
}
