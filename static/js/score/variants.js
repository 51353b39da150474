// Which of the three engravings fits a window.

/** @typedef {"phone" | "tablet" | "desktop"} Variant */

export const TABLET_FROM_PX = 600;
export const DESKTOP_FROM_PX = 1100;

/**
 * @param {number} width_px
 * @returns {Variant}
 */
export function variantFor(width_px) {
  if (width_px < TABLET_FROM_PX) return "phone";
  return width_px < DESKTOP_FROM_PX ? "tablet" : "desktop";
}
