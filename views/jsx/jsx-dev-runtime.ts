/** The same runtime, under the name that development builds ask for. */
export { Fragment, type JSX, jsx, jsxDEV, jsxs } from "./jsx-runtime.ts";
