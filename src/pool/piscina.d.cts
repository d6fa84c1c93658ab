/** The pool, built by build.mjs from the package of this name: its threads need no file to start. */
export { Piscina } from 'piscina';
