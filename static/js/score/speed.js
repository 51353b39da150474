// Playing speed in percent of the original's.

export const SLOWEST = 50;
export const FASTEST = 120;
export const STEP = 5;

/** @param {number} percent */
export function allowedSpeed(percent) {
  if (!Number.isFinite(percent)) return 100;
  return Math.min(FASTEST, Math.max(SLOWEST, Math.round(percent / STEP) * STEP));
}
