package serve

import "testing"

func TestCertificateInTheHandshake(t *testing.T) {
	for line, want := range map[string]string{
		"1|1|unix|/tmp/plugin|grpc|":      "1|1|unix|/tmp/plugin|grpc|AQID",
		"1|1|unix|/tmp/plugin|grpc||true": "1|1|unix|/tmp/plugin|grpc|AQID|true",
		"not a handshake":                 "not a handshake",
	} {
		if got := withCertificate(line, []byte{1, 2, 3}); got != want {
			t.Errorf("%q became %q, want %q", line, got, want)
		}
	}
}

func TestAHostWithoutCertificateIsServedInTheClear(t *testing.T) {
	t.Setenv(hostCertificate, "")
	if config, err := identity(); config != nil || err != nil {
		t.Errorf("%v, %v", config, err)
	}
	t.Setenv(hostCertificate, "no certificate")
	if _, err := identity(); err == nil {
		t.Error("what is no certificate was taken for one")
	}
}
