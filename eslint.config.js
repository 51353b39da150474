// What a name means is checked by TypeScript (`npm run types`); here are the habits.
export default [
  { ignores: ["static/vendor/"] },
  {
    files: ["static/js/**/*.js"],
    rules: {
      "array-callback-return": "error",
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-console": ["error", { allow: ["error"] }],
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-throw-literal": "error",
      "no-unused-vars": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
      "require-await": "error",
    },
  },
  {
    // A classic script, run before modules are known.
    files: ["static/js/site/theme_early.js"],
    languageOptions: { sourceType: "script" },
    rules: { "no-unused-vars": ["error", { caughtErrors: "none" }], "no-var": "off", "prefer-const": "off" },
  },
];
