// The token that says that a request comes from a page of this site.

/** Django's `CSRF_COOKIE_NAME`, as the settings leave it. */
const COOKIE = "csrftoken";

/**
 * @param {string} cookies as `document.cookie` has them
 * @returns {string | null} null: there is no such cookie
 */
export function csrfTokenIn(cookies) {
  for (const cookie of cookies.split(";")) {
    const [name, ...value] = cookie.trim().split("=");
    if (name === COOKIE) return value.join("=") || null;
  }
  return null;
}
