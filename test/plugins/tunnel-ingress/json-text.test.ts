import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entriesOf, textAt } from "../../../packages/provider/tunnel-ingress/json-text";
import { holds } from "../../support/properties";

describe("the text of JSON", () => {
  it("is taken apart as it stands", () => {
    const text = '{ "b" : 1.0 , "10":[2, {"x":"]}"}], "2":"\\\\\\"}", "a":{} , "e":-1e3}';
    expect(entriesOf(text).map(({ key, value }) => `${key}=${value}`)).toEqual([
      '"b"=1.0',
      '"10"=[2, {"x":"]}"}]',
      '"2"="\\\\\\"}"',
      '"a"={}',
      '"e"=-1e3',
    ]);
    expect(entriesOf(" [ ] ")).toEqual([]);
    expect(textAt('{"a":1,"\\u0061":2}', "a")).toBe("2");
    expect(textAt("{}", "a")).toBeUndefined();
  });

  it("gives the values that a parser gives, for any JSON", () => {
    holds(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, "\t"), (list, space) => {
        const entries = entriesOf(JSON.stringify(list, null, space));
        expect(entries.map(({ value }) => JSON.parse(value))).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
    holds(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const entries = entriesOf(JSON.stringify(object));
        expect(entries.map(({ key }) => JSON.parse(key))).toEqual(Object.keys(object));
      }),
    );
  });
});
