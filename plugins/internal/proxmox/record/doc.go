// Package record keeps what a server answers to a plugin, with everything in it replaced that says whose it is, so that a
// person can send us answers that we read wrongly.
//
// What is not known to be harmless is replaced: only words of the products' own language, numbers and the values of some
// members stay. A replacement has the length and the kinds of characters of what it replaces, and the same text is replaced
// by the same throughout one recording, so that answers still fit together. The key of the replacement is thrown away.
package record
