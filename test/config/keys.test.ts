import { describe, expect, test } from "bun:test";
import { clientAddress, inNetworks, parseNetwork } from "../../src/config/address.ts";
import { compile } from "../../src/config/compile.ts";
import { createAuthenticate } from "../../src/config/keys.ts";
import { GatewayError } from "../../src/model/error.ts";

const now = Date.UTC(2027, 0, 1);
const secretOf = (name: string) => `sk-${name}-0123456789abcdef`;
const snapshot = compile(
  {
    file: {
      keys: {
        plain: { secret: secretOf("plain") },
        off: { secret: secretOf("off"), enabled: false },
        old: { secret: secretOf("old"), expires_at: "2026-12-31T00:00:00Z" },
        home: { secret: secretOf("home"), ips: ["10.0.0.0/8", "2001:db8::1"] },
        turned: { secret: secretOf("turned"), previous: { secret: secretOf("before"), until: "2027-01-01T00:00:01Z" } },
      },
    },
  },
  { protocols: [], quirks: [], demoProtocols: [] },
);
const authenticate = createAuthenticate();

function ask(credentials: string[], address = "192.0.2.1", at = now): string {
  try {
    const { key, label } = authenticate(snapshot, { credentials, address, now: at });
    return label === undefined ? key.name : `${key.name} ${label}`;
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

describe("a client key", () => {
  test("is found by its secret, again and again", () => {
    for (let count = 0; count < 3; count++) expect(ask([secretOf("plain")])).toBe("plain");
  });

  test("is the first known one of several", () => {
    expect(ask(["nonsense", secretOf("home"), secretOf("plain")], "10.1.2.3")).toBe("home");
    expect(ask(["nonsense", secretOf("plain")])).toBe("plain");
    expect(ask([secretOf("off"), secretOf("plain")])).toBe("unauthenticated");
  });

  test("is refused when it is unknown, disabled or expired", () => {
    for (const credentials of [[], [""], ["x"], [":label"], [secretOf("off")], [secretOf("old")]]) {
      expect(ask(credentials)).toBe("unauthenticated");
    }
    expect(ask([secretOf("old")], "192.0.2.1", Date.UTC(2026, 0, 1))).toBe("old");
  });

  test("may carry a label after the first colon; one that does not fit is dropped", () => {
    expect(ask([`${secretOf("plain")}:repo:main-1.x`])).toBe("plain repo:main-1.x");
    expect(ask([`${secretOf("plain")}:`])).toBe("plain");
    expect(ask([`${secretOf("plain")}:two words`])).toBe("plain");
    expect(ask([`${secretOf("plain")}:${"x".repeat(64)}`])).toBe(`plain ${"x".repeat(64)}`);
    expect(ask([`${secretOf("plain")}:${"x".repeat(65)}`])).toBe("plain");
  });

  test("is forbidden outside its addresses", () => {
    expect(ask([secretOf("home")], "10.255.0.1")).toBe("home");
    expect(ask([secretOf("home")], "::ffff:10.0.0.1")).toBe("home");
    expect(ask([secretOf("home")], "2001:db8:0::1")).toBe("home");
    for (const address of ["11.0.0.1", "2001:db8::2", "", "unknown"]) {
      expect(ask([secretOf("home")], address)).toBe("forbidden");
    }
  });

  test("takes its previous secret until the time is over", () => {
    expect(ask([secretOf("turned")])).toBe("turned");
    expect(ask([secretOf("before")])).toBe("turned");
    expect(ask([secretOf("before")], "192.0.2.1", now + 1000)).toBe("unauthenticated");
  });

  test("is not let in by a remembered secret that the next configuration does not know", () => {
    expect(ask([secretOf("plain")])).toBe("plain");
    const next = compile({}, { protocols: [], quirks: [], demoProtocols: [] });
    expect(() => authenticate(next, { credentials: [secretOf("plain")], address: "::1", now })).toThrow(GatewayError);
  });
});

describe("networks", () => {
  test("hold addresses of their own family", () => {
    const cases: [string, string, boolean][] = [
      ["192.0.2.7", "192.0.2.7", true],
      ["192.0.2.7", "192.0.2.8", false],
      ["10.0.0.0/8", "10.9.9.9", true],
      ["10.1.2.3/8", "10.9.9.9", true],
      ["0.0.0.0/0", "8.8.8.8", true],
      ["0.0.0.0/0", "::1", false],
      ["::/0", "::1", true],
      ["2001:db8::/32", "2001:db8:1::5", true],
      ["::ffff:10.0.0.0/104", "10.5.5.5", true],
      ["fe80::/10", "fe80::1%eth0", true],
    ];
    for (const [network, address, inside] of cases) {
      expect([network, address, inNetworks([parseNetwork(network)!], address)]).toEqual([network, address, inside]);
    }
  });

  test("are refused when they are none", () => {
    for (const text of [
      "",
      "x",
      "10.0.0",
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "::/129",
      "010.0.0.1.2",
      "10.0.0.0/",
    ]) {
      expect([text, parseNetwork(text)]).toEqual([text, undefined]);
    }
  });
});

describe("the client's address", () => {
  const trusted = [parseNetwork("10.0.0.0/8")!, parseNetwork("::1")!];
  const cases: [string, string, string | null, string][] = [
    ["without a proxy it is the peer", "192.0.2.1", null, "192.0.2.1"],
    ["a stranger's header is not believed", "192.0.2.1", "1.2.3.4", "192.0.2.1"],
    ["a trusted proxy's is", "10.0.0.1", "1.2.3.4", "1.2.3.4"],
    ["the rightmost that is not trusted counts", "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"],
    ["all trusted: the first one", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
    ["what is no address ends the walk", "10.0.0.1", "1.2.3.4, unknown, 10.0.0.2", "10.0.0.2"],
    ["ports and brackets are left out", "::1", "[2001:db8::5]:443", "2001:db8::5"],
    ["IPv4 inside IPv6 is IPv4", "::ffff:10.0.0.1", "1.2.3.4:80", "1.2.3.4"],
  ];
  test.each(cases)("%s", (_words, peer, header, expected) => {
    expect(clientAddress(peer, header, trusted)).toBe(expected);
  });
});
