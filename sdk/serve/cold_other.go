//go:build !linux

package serve

func letGo() {}
