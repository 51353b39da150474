// Undo and redo, by revisions: the server keeps each, so going back is restoring one, which makes a new one.

export class UndoHistory {
  /** Revisions with the states of the score, in the order in which they came about. @type {number[]} */
  #states;
  #at = 0;

  /** @param {number} revision the state with which editing begins */
  constructor(revision) {
    this.#states = [revision];
  }

  /**
   * What `toJson` gave, if it is about the revision that is shown now; else a history that begins here.
   *
   * @param {unknown} json
   * @param {number} revision
   */
  static fromJson(json, revision) {
    const history = new UndoHistory(revision);
    const { states, at, current } = /** @type {{states?: unknown, at?: unknown, current?: unknown}} */ (json ?? {});
    const whole = Array.isArray(states) && states.every(Number.isInteger) && Number.isInteger(at);
    if (whole && current === revision && states[Number(at)] !== undefined) {
      history.#states = states;
      history.#at = Number(at);
    }
    return history;
  }

  /** @param {number} revision the one that is shown */
  toJson(revision) {
    return { states: this.#states, at: this.#at, current: revision };
  }

  /**
   * Something was changed; what had been undone can no longer be redone.
   *
   * @param {number} revision
   */
  did(revision) {
    this.#states = [...this.#states.slice(0, this.#at + 1), revision];
    this.#at += 1;
  }

  /** The revision to restore; null: there is nothing to undo. */
  get back() {
    return this.#states[this.#at - 1] ?? null;
  }

  /** The revision to restore; null: there is nothing to redo. */
  get forward() {
    return this.#states[this.#at + 1] ?? null;
  }

  wentBack() {
    this.#at -= 1;
  }

  wentForward() {
    this.#at += 1;
  }
}
