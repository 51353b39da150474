// The recording: playing, seeking, speed, loop. Says what happens by events; knows nothing of the page.
import { crossedEnd } from "./loop.js";
import { allowedSpeed } from "./speed.js";

/**
 * Events: "time" (also after each seek), "state" (playing or not), "speed", "length", "trouble".
 */
export class Player extends EventTarget {
  /** @type {{start_s: number, end_s: number} | null} */
  #span = null;
  #before_s = 0;
  #frame = 0;

  /** @param {HTMLMediaElement} media */
  constructor(media) {
    super();
    this.media = media;
    this.speed = 100;
    media.preservesPitch = true;
    // Older engines know the property by their own names.
    Object.assign(media, { webkitPreservesPitch: true, mozPreservesPitch: true });

    media.addEventListener("play", () => this.#run());
    media.addEventListener("pause", () => this.#tell("state"));
    media.addEventListener("ended", () => this.#ended());
    media.addEventListener("seeked", () => {
      this.#before_s = media.currentTime;
      this.#tell("time");
    });
    // In a tab that is not shown there are no frames; this still comes four times a second.
    media.addEventListener("timeupdate", () => this.#moved());
    media.addEventListener("durationchange", () => this.#tell("length"));
    media.addEventListener("error", () => this.#tell("trouble"));
    if (media.error) queueMicrotask(() => this.#tell("trouble"));
  }

  get time_s() {
    return this.media.currentTime;
  }

  get length_s() {
    return Number.isFinite(this.media.duration) ? this.media.duration : 0;
  }

  get playing() {
    return !this.media.paused && !this.media.ended;
  }

  async toggle() {
    if (this.playing) {
      this.media.pause();
      return;
    }
    // Behind the loop's end nothing would bring playing back into it.
    if (this.#span && this.time_s >= this.#span.end_s) this.seek(this.#span.start_s);
    try {
      await this.media.play();
    } catch (error) {
      // A pause right after play() is no trouble; anything else is.
      if (!(error instanceof DOMException) || error.name !== "AbortError") this.#tell("trouble");
    }
  }

  /** @param {number} time_s */
  seek(time_s) {
    const end_s = this.length_s || time_s;
    this.media.currentTime = Math.min(Math.max(0, time_s), end_s);
    this.#before_s = this.media.currentTime;
    this.#tell("time");
  }

  /** @param {number} percent */
  setSpeed(percent) {
    this.speed = allowedSpeed(percent);
    this.media.playbackRate = this.speed / 100;
    this.#tell("speed");
  }

  /** @param {{start_s: number, end_s: number} | null} span */
  setLoop(span) {
    this.#span = span;
    this.#before_s = this.time_s;
  }

  #run() {
    this.#before_s = this.time_s;
    this.#tell("state");
    cancelAnimationFrame(this.#frame);
    const step = () => {
      if (!this.playing) return;
      this.#moved();
      this.#frame = requestAnimationFrame(step);
    };
    this.#frame = requestAnimationFrame(step);
  }

  #moved() {
    const now_s = this.time_s;
    if (this.#span && this.playing && crossedEnd(this.#before_s, now_s, this.#span)) {
      this.seek(this.#span.start_s);
      return;
    }
    this.#before_s = now_s;
    this.#tell("time");
  }

  #ended() {
    // The last bar may end with the recording, or be cut off by it.
    if (this.#span && this.#before_s >= this.#span.start_s && this.#span.end_s >= this.length_s - 0.5) {
      this.seek(this.#span.start_s);
      this.media.play().catch(() => this.#tell("trouble"));
      return;
    }
    this.#tell("state");
  }

  /** @param {string} type */
  #tell(type) {
    this.dispatchEvent(new Event(type));
  }
}
