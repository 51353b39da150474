// The picture of a filmed recording: the sound leads, the muted picture follows and is kept in step.

/** Less than this hardly anybody sees (ITU-R BT.1359: 45 ms); from here on the picture catches up. In seconds. */
const OUT_OF_STEP_S = 0.05;
/** Its speed then. One step only: Chromium loses some 40 ms at each change of speed (measured). */
const PULL = 0.2;
/** Further off it is quicker to jump; a jump takes a moment itself, so it is no cure for little. */
const LOST_S = 0.5;
const SIZES = /** @type {const} */ (["small", "medium", "large"]);
const SHOWN_KEY = "score-picture";
const SIZE_KEY = "score-picture-size";

/**
 * What to do about a picture that is so late (negative: early) while it plays: jump, or run faster or slower.
 *
 * @param {number} late_s
 * @param {number} before what was said last; what has begun goes on until the picture is there
 * @returns {"jump" | 1 | 0 | -1} 1: faster, -1: slower
 */
export function correction(late_s, before) {
  if (Math.abs(late_s) > LOST_S) return "jump";
  const isPast = late_s * before <= 0;
  if (isPast && Math.abs(late_s) <= OUT_OF_STEP_S) return 0;
  return late_s > 0 ? 1 : -1;
}

/** @param {string} size */
export function nextSize(size) {
  const index = SIZES.findIndex((known) => known === size);
  return SIZES[(index + 1) % SIZES.length];
}

/** Event "shown": the panel has come, gone or changed its size. */
export class Picture extends EventTarget {
  #canPlay = false;
  #wantsShown = kept(SHOWN_KEY) !== "no";
  #isStarting = false;
  /** @type {1 | 0 | -1} */
  #pull = 0;

  /**
   * @param {object} parts
   * @param {import("./player.js").Player} parts.player
   * @param {HTMLElement} parts.panel hidden until there is something to see
   * @param {HTMLVideoElement} parts.video
   * @param {HTMLElement} parts.button shows and hides the panel; hidden where nothing can be played
   * @param {HTMLElement} parts.sizeButton
   * @param {HTMLElement} parts.closeButton
   * @param {string} parts.url
   */
  constructor({ player, panel, video, button, sizeButton, closeButton, url }) {
    super();
    this.player = player;
    this.panel = panel;
    this.video = video;
    this.button = button;
    const size = kept(SIZE_KEY);
    if (SIZES.some((known) => known === size)) panel.dataset.size = size;

    video.muted = true; // the attribute alone is but the default
    video.addEventListener("loadedmetadata", () => {
      // Some browsers open a film of an unknown codec as sound alone.
      this.#canPlay = video.videoWidth > 0;
      this.#show();
    });
    video.addEventListener("error", () => {
      this.#canPlay = false;
      this.#show();
      // Chromium fails on some VP8 films, its own recordings among them, when it is to read their head only.
      if (video.preload !== "auto") {
        video.preload = "auto";
        video.load();
      }
    });
    video.addEventListener("seeked", () => this.#keepStep());
    video.addEventListener("click", () => void player.toggle());
    button.addEventListener("click", () => this.toggle());
    closeButton.addEventListener("click", () => {
      this.toggle();
      button.focus({ preventScroll: true });
    });
    sizeButton.addEventListener("click", () => {
      panel.dataset.size = nextSize(panel.dataset.size ?? "");
      keep(SIZE_KEY, panel.dataset.size);
      this.dispatchEvent(new Event("shown"));
    });
    for (const type of ["time", "state", "speed"]) player.addEventListener(type, () => this.#keepStep());
    video.src = url;
  }

  get isShown() {
    return !this.panel.hidden;
  }

  toggle() {
    if (!this.#canPlay) return;
    this.#wantsShown = !this.#wantsShown;
    keep(SHOWN_KEY, this.#wantsShown ? "yes" : "no");
    this.#show();
  }

  #show() {
    this.button.hidden = !this.#canPlay;
    this.panel.hidden = !(this.#canPlay && this.#wantsShown);
    this.button.setAttribute("aria-pressed", String(this.isShown));
    this.#keepStep();
    this.dispatchEvent(new Event("shown"));
  }

  #keepStep() {
    const { video, player } = this;
    const time_s = player.time_s;
    const isOver = Number.isFinite(video.duration) && time_s >= video.duration;
    if (!this.isShown || !player.playing || isOver) {
      if (!video.paused) video.pause();
      if (this.isShown && !isOver) this.#goTo(time_s);
      return;
    }
    const late_s = time_s - video.currentTime;
    const what = video.seeking ? 0 : correction(late_s, this.#pull);
    this.#pull = what === "jump" ? 0 : what;
    if (what === "jump") this.#goTo(time_s);
    const rate = (player.speed / 100) * (1 + PULL * this.#pull);
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (video.paused && !this.#isStarting) this.#start();
  }

  /** @param {number} time_s */
  #goTo(time_s) {
    // One jump at a time: "seeked" looks again where the sound has got to.
    if (!this.video.seeking && Math.abs(this.video.currentTime - time_s) > 0.001) this.video.currentTime = time_s;
  }

  #start() {
    this.#isStarting = true;
    this.video
      .play()
      .catch(() => {}) // paused again meanwhile, or not allowed to play: the sound does not wait for it
      .finally(() => {
        this.#isStarting = false;
      });
  }
}

/** @param {string} key */
function kept(key) {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return ""; // a browser that keeps nothing
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
function keep(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // nothing is lost but the choice
  }
}
