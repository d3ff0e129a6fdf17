import { expect, test } from 'vitest';
import { change, sdkClient, setsOf, submit } from './route53/client.ts';
import { startRoute53 } from './route53/server.ts';

const VALUES: Readonly<
  Record<string, { readonly good: readonly string[]; readonly bad: readonly (readonly [string, RegExp])[] }>
> = {
  A: {
    good: ['192.0.2.1'],
    bad: [
      ['192.0.2', /ARRDATAIllegalIPv4Address \(Value is not a valid IPv4 address\) encountered with '192\.0\.2'/],
      ['192.0.2.256', /ARRDATAIllegalIPv4Address/],
      ['192.0.2.1, 192.0.2.2', /ARRDATANotSingleField \(Value contains spaces\)/],
      ['2001:db8::1', /ARRDATAIllegalIPv4Address/],
    ],
  },
  AAAA: {
    good: ['2001:db8::1', '::', '::ffff:192.0.2.1', '2001:DB8:0:0:0:0:0:1'],
    bad: [
      ['192.0.2.1', /AAAARRDATAIllegalIPv6Address/],
      ['fe80::1%eth0', /AAAARRDATAIllegalIPv6Address/],
    ],
  },
  CNAME: {
    good: ['a.test', 'A.Test.'],
    bad: [
      ['a b', /CNAMERRDATANotSingleField/],
      ['a..b', /DomainLabelEmpty/],
    ],
  },
  PTR: { good: ['host.test'], bad: [['', /PTRRRDATAEmpty/]] },
  NS: { good: ['ns.test.'], bad: [['ns..test', /DomainLabelEmpty/]] },
  TXT: {
    good: ['"a"', '"a" "b"', '"\\"quoted\\" \\303\\274"', '""'],
    bad: [
      ['a', /InvalidCharacterString \(Value should be enclosed in quotation marks\) encountered with 'a'/],
      [`"${'x'.repeat(256)}"`, /CharacterStringTooLong \(Value is too long\)/],
      ['"ü"', /UnsupportedCharacter/],
      ['"open', /InvalidCharacterString/],
    ],
  },
  SPF: { good: ['"v=spf1 -all"'], bad: [['v=spf1', /InvalidCharacterString/]] },
  MX: {
    good: ['10 mail.test', '0 .'],
    bad: [
      ['mail.test', /MXRRDATANotEnoughFields/],
      ['65536 mail.test', /InvalidNumber/],
    ],
  },
  SRV: {
    good: ['1 10 5269 xmpp.test'],
    bad: [
      ['1 10 xmpp.test', /SRVRRDATANotEnoughFields/],
      ['1 x 1 a.test', /InvalidNumber/],
    ],
  },
  CAA: {
    good: ['0 issue "ca.test"', '128 iodef "mailto:a@b.test"'],
    bad: [
      ['0 issue ca.test', /InvalidCharacterString/],
      ['256 issue "a"', /InvalidNumber/],
      ['0 is-sue "a"', /CAARRDATAInvalidTag/],
    ],
  },
  NAPTR: {
    good: ['100 50 "u" "E2U+sip" "!^.*$!sip:a@b.test!" .'],
    bad: [['100 50 u "E2U" "" .', /InvalidCharacterString/]],
  },
  DS: {
    good: ['12345 8 2 49FD46E6C4B45C55D4AC'],
    bad: [
      ['12345 8 2 49F', /InvalidHexadecimal/],
      ['123456 8 2 49', /InvalidNumber/],
    ],
  },
  SSHFP: { good: ['4 2 123456789ABCDEF0'], bad: [['4 2', /SSHFPRRDATANotEnoughFields/]] },
  TLSA: { good: ['3 1 1 D2ABDE240D7CD3EE'], bad: [['3 1 1 xyz', /InvalidHexadecimal/]] },
  SVCB: {
    good: ['0 pool.test', '1 . port=8443', '1 a.test mandatory=alpn alpn=h2 key65000=x'],
    bad: [
      ['x .', /InvalidNumber/],
      ['0 a.test port=1', /alias/],
    ],
  },
  HTTPS: {
    good: ['1 . alpn="h2,h3" ipv4hint=192.0.2.1 ipv6hint=2001:db8::1', '1 . no-default-alpn ech=AEX+DQ=='],
    bad: [
      ['1 . colour=red', /'colour=red' is not a parameter/],
      ['1 . port=1 port=2', /twice/],
      ['1 . alpn', /no value/],
      ['1 . ipv4hint=x', /IPv4/],
    ],
  },
};

test.for(Object.entries(VALUES))(
  '%s values: what is right is kept as it was sent, what is wrong is named',
  async ([type, { good, bad }]) => {
    await using route53 = await startRoute53({ zones: [{ id: 'Z1', name: 'example.test' }] });
    const client = sdkClient(route53.url);
    for (const [at, value] of good.entries()) {
      await submit(client, 'Z1', change('CREATE', `good${at}.example.test`, type, [value]));
    }
    const sets = await setsOf(client, 'Z1');
    if (type !== 'NS') expect(sets.map(({ ResourceRecords }) => ResourceRecords?.[0]?.Value)).toEqual(good);
    for (const [value, problem] of bad) {
      const error: unknown = await submit(client, 'Z1', change('CREATE', 'bad.example.test', type, [value])).catch(
        (e: unknown) => e,
      );
      expect(error, `${type} ${value}`).toMatchObject({ name: 'InvalidChangeBatch', message: problem });
    }
  },
);

test('SOA values have two names and five numbers', async () => {
  await using route53 = await startRoute53({ zones: [{ id: 'Z1', name: 'example.test' }] });
  const client = sdkClient(route53.url);
  await submit(client, 'Z1', change('UPSERT', 'example.test', 'SOA', ['ns.test. ops.test. 1 2 3 4 5']));
  const wrong = submit(client, 'Z1', change('UPSERT', 'example.test', 'SOA', ['ns.test. ops.test. 1 2 3 4']));
  await expect(wrong).rejects.toThrow(/SOARRDATANotEnoughFields \(Value has 6 fields, expected 7\)/);
});
