// Package sdk is what a plugin author imports: the nouns that cross the process boundary, one small
// interface per power, and errors that keep their kind on the way. It imports the standard library only;
// gRPC lives in sdk/serve (the plugin's end) and sdk/host (the server's end).
//
// A plugin is a program whose main function is one call:
//
//	func main() { serve.Main(ups.Plugin()) }
//
// Plugin returns an [Plugin], usually built with schema.Define from a config struct and a constructor.
// What the constructor returns is an instance: one configured use of the plugin. Its powers are found by
// type assertion ([Collector], [Watcher], [Ingester], [Checker], [Actor], [Querier], [Notifier],
// [ModelProvider], [Prober], [Onboarder]); a type that lacks a method lacks the power.
//
// Units at the door are bytes, seconds, ratios from 0 to 1, counts, degrees Celsius and watts. A value that
// was not read is left out: absent is a gap, never zero.
package sdk
