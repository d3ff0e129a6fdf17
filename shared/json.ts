/** A value that survives JSON: what a message, a stored step and a journal row may hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
