// Parts of a page, fetched anew: the server renders, the script only puts them in place.

/**
 * @param {string} url
 * @param {string} selector
 * @returns {Promise<Element | null>} null: the page no longer has that part
 */
export async function fetchFragment(url, selector) {
  const response = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!response.ok) return null;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return page.querySelector(selector);
}

/**
 * Put fresh content into `place`, and the keyboard focus back to where it was.
 *
 * @param {Element} place
 * @param {Element} fresh
 */
export function replaceContent(place, fresh) {
  const active = document.activeElement;
  const path = active && place.contains(active) ? pathTo(active, place) : null;
  place.replaceChildren(...fresh.childNodes);
  if (!path) return;
  /** @type {Element | undefined} */
  let found = place;
  for (const index of path) found = found?.children[index];
  if (found instanceof HTMLElement) found.focus({ preventScroll: true });
}

/**
 * @param {Element} element
 * @param {Element} root
 */
function pathTo(element, root) {
  const path = [];
  for (let at = element; at !== root && at.parentElement; at = at.parentElement) {
    path.unshift([...at.parentElement.children].indexOf(at));
  }
  return path;
}
