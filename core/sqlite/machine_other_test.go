//go:build !linux

package sqlite

import "testing"

func smallDisk(t *testing.T, _ string) string {
	t.Helper()
	t.Skip("needs a file system of its own")
	return ""
}

func processor() int64 { return 0 }
