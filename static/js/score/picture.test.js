import assert from "node:assert/strict";
import { test } from "node:test";

import { actionFor } from "./keyboard.js";
import { Picture, correction, nextSize } from "./picture.js";

test("a picture in step is left alone", () => {
  assert.equal(correction(0, 0), 0);
  assert.equal(correction(0.04, 0), 0);
  assert.equal(correction(-0.04, 0), 0);
});

test("a picture that lags or leads is caught up with until it is there", () => {
  assert.equal(correction(0.06, 0), 1);
  assert.equal(correction(-0.06, 0), -1);
  assert.equal(correction(0.01, 1), 1);
  assert.equal(correction(-0.01, -1), -1);
  assert.equal(correction(-0.001, 1), 0);
  assert.equal(correction(0.001, -1), 0);
  assert.equal(correction(-0.2, 1), -1);
});

test("a picture that is lost jumps", () => {
  assert.equal(correction(3, 0), "jump");
  assert.equal(correction(-3, 1), "jump");
});

test("the sizes go round", () => {
  assert.deepEqual(["small", "medium", "large", "odd"].map(nextSize), ["medium", "large", "small", "small"]);
});

test("V shows and hides the picture", () => {
  assert.equal(actionFor({ key: "v" }, ""), "picture");
  assert.equal(actionFor({ key: "v" }, "text"), null);
  assert.equal(actionFor({ key: "v", ctrlKey: true }, ""), null);
});

/** A media element as far as the picture uses one: jumps take until the test says "seeked". */
class Film extends EventTarget {
  muted = false;
  src = "";
  preload = "metadata";
  loads = 0;
  paused = true;
  seeking = false;
  playbackRate = 1;
  duration = 10;
  videoWidth = 64;
  #at = 0;

  get currentTime() {
    return this.#at;
  }

  set currentTime(time_s) {
    this.#at = time_s;
    this.seeking = true;
  }

  arrive() {
    this.seeking = false;
    this.dispatchEvent(new Event("seeked"));
  }

  play() {
    this.paused = false;
    return Promise.resolve();
  }

  load() {
    this.loads += 1;
  }

  pause() {
    this.paused = true;
  }
}

class Control extends EventTarget {
  hidden = true;
  dataset = { size: "medium" };
  attributes = new Map();

  /**
   * @param {string} name
   * @param {string} value
   */
  setAttribute(name, value) {
    this.attributes.set(name, value);
  }

  focus() {}
}

function filmed() {
  const player = Object.assign(new EventTarget(), { time_s: 0, speed: 100, playing: false, toggle: () => {} });
  const [film, panel, button] = [new Film(), new Control(), new Control()];
  const parts = { player, panel, video: film, button, sizeButton: new Control(), closeButton: new Control(), url: "/film" };
  const picture = new Picture(/** @type {any} */ (parts));
  const tell = (/** @type {string} */ type, /** @type {object} */ now) => {
    Object.assign(player, now);
    player.dispatchEvent(new Event(type));
  };
  return { picture, film, panel, button, tell };
}

test("nothing shows until the browser has opened the film, and then it is mute", () => {
  const { film, panel, button } = filmed();
  assert.ok(panel.hidden && button.hidden);

  film.dispatchEvent(new Event("loadedmetadata"));

  assert.ok(!panel.hidden && !button.hidden && film.muted);
});

test("a film that cannot be played, or has sound only, does not show", () => {
  const broken = filmed();
  broken.film.dispatchEvent(new Event("error"));
  const deaf = filmed();
  deaf.film.videoWidth = 0;
  deaf.film.dispatchEvent(new Event("loadedmetadata"));

  for (const { panel, button, picture } of [broken, deaf]) {
    picture.toggle();
    assert.ok(panel.hidden && button.hidden);
  }
});

test("a film that fails is tried once more, as a whole", () => {
  const { film, panel } = filmed();

  film.dispatchEvent(new Event("error"));
  assert.equal(film.preload, "auto");
  film.dispatchEvent(new Event("loadedmetadata"));
  assert.ok(!panel.hidden);
  film.dispatchEvent(new Event("error"));

  assert.ok(panel.hidden);
  assert.equal(film.loads, 1);
});

test("the picture starts, stops, jumps and slows down with the sound", () => {
  const { film, tell } = filmed();
  film.dispatchEvent(new Event("loadedmetadata"));

  tell("time", { time_s: 4 });
  assert.equal(film.currentTime, 4);
  film.arrive();
  tell("state", { playing: true });
  assert.equal(film.paused, false);
  tell("speed", { speed: 50 });
  assert.equal(film.playbackRate, 0.5);
  tell("time", { time_s: 8 });
  assert.equal(film.currentTime, 8);
  tell("state", { playing: false });
  assert.equal(film.paused, true);
});

test("while a jump is under way the sound's place is looked at once more, not jumped to each time", () => {
  const { film, tell } = filmed();
  film.dispatchEvent(new Event("loadedmetadata"));
  tell("time", { time_s: 4 });

  tell("time", { time_s: 5 });
  assert.equal(film.currentTime, 4);
  film.arrive();

  assert.equal(film.currentTime, 5);
});

test("a hidden picture rests, and the end of the film is no reason to start again", async () => {
  const { film, picture, tell } = filmed();
  film.dispatchEvent(new Event("loadedmetadata"));
  tell("state", { playing: true });
  await new Promise(setImmediate);

  picture.toggle();
  assert.equal(film.paused, true);
  picture.toggle();
  assert.equal(film.paused, false);
  tell("time", { time_s: 10.5 });
  assert.equal(film.paused, true);
});
