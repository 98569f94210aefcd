// Package rpc carries the interfaces of package sdk over gRPC: for each power a server, which wraps what a plugin
// implements, beside a client, which is the same interface again. Nobody else sees generated types. The package does
// not know how a plugin's process is started (sdk/host) or what it serves (sdk/serve).
package rpc
