// How saving stands, in a line: what is not saved, why, and what can be done about it.

/**
 * @typedef {object} StateLine
 * @property {"saved" | "saving" | "trouble" | "refused"} tone
 * @property {string} text
 * @property {readonly ("retry" | "again" | "drop" | "conflict")[]} offers what can be pressed
 */

/**
 * @param {object} how
 * @param {import("./outbox.js").Outbox["state"]} how.state
 * @param {number} how.unsaved acts
 * @param {number} how.offered acts that wait for the person's word after a conflict
 * @param {string} how.refusal why the last act was not done, or ""
 * @param {string} how.trouble why nothing can be saved
 * @returns {StateLine}
 */
export function stateLine({ state, unsaved, offered, refusal, trouble }) {
  const waiting = `${unsaved} change${unsaved === 1 ? "" : "s"} not saved`;
  if (state === "conflict") {
    return { tone: "trouble", text: `Changed by somebody else; ${waiting}.`, offers: ["conflict"] };
  }
  if (state === "stuck") return { tone: "trouble", text: `${trouble} ${waiting}.`, offers: ["retry"] };
  if (offered) {
    const yours = offered === 1 ? "1 change of yours waits" : `${offered} changes of yours wait`;
    return { tone: "trouble", text: `This is their version; ${yours}.`, offers: ["again", "drop"] };
  }
  if (refusal) return { tone: "refused", text: refusal, offers: [] };
  return unsaved ? { tone: "saving", text: "Saving …", offers: [] } : { tone: "saved", text: "Saved", offers: [] };
}
