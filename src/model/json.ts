/** JSON values as they stand on the wire. Numbers that a double cannot hold are kept by kit/json.ts. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json | undefined };
