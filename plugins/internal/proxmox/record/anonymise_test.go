package record

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const resources = `{"data":[
 {"id":"qemu/101","type":"qemu","node":"atlantis","name":"payroll-db","vmid":101,"status":"running","tags":"finance;crew-7","maxmem":4294967296},
 {"id":"storage/atlantis/tresor01","type":"storage","node":"atlantis","storage":"tresor01","plugintype":"zfspool","status":"available"},
 {"id":"node/atlantis","type":"node","node":"atlantis","status":"online","level":""}]}`

const tasks = `{"data":[
 {"upid":"UPID:atlantis:000A9C25:276AB251:6AA83620:vzdump:101:kapitaen@pve!nightly:","type":"vzdump","user":"kapitaen@pve!nightly","status":"storage 'tresor01' is not online"},
 {"volid":"tresor01:backup/vzdump-qemu-101-2026_11_01-03_00_00.vma.zst","notes":"Payroll before audit","size":1234567890123}]}`

const network = `{"data":{"result":[{"hardware-address":"bc:24:11:0a:0b:0c","ip-addresses":[{"ip-address":"10.20.30.40","ip-address-type":"ipv4","prefix":24},
 {"ip-address":"fe80::be24:11ff:fe0a:b0c"},{"ip-address":"127.0.0.1"}]}],"ssl_fingerprint":"AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89",
 "serial":"WD-4711","wwn":"0x5000c500","uuid":"3f2504e0-4f89-11d3-9a0c-0305e82c3301","link":"https://atlantis.wunderlich.example:8006/"}}`

func anonymised(bodies ...string) (a *anonymiser, out []string) {
	a = newAnonymiser([]byte("key"))
	for _, b := range bodies {
		a.learn([]byte(b))
	}
	for _, b := range bodies {
		out = append(out, string(a.answer([]byte(b))))
	}
	return a, out
}

func TestNothingOfAnybodyIsLeft(t *testing.T) {
	_, out := anonymised(resources, tasks, network)
	whole := strings.Join(out, "\n")
	for _, own := range []string{
		"atlantis", "payroll", "Payroll", "audit", "finance", "crew", "tresor01", "kapitaen", "nightly", "wunderlich", "10.20.30.40", "fe80",
		"bc:24", "be24", "AB:CD", "4711", "5000c500", "3f2504e0", "000A9C25",
	} {
		if strings.Contains(whole, own) {
			t.Errorf("%q is still there in\n%s", own, whole)
		}
	}
}

func TestWhatDecodersNeedIsLeft(t *testing.T) {
	a, out := anonymised(resources, tasks, network)
	whole := strings.Join(out, "\n")
	node, storage := a.other("atlantis"), a.other("tresor01")
	for _, wanted := range []string{
		`"id":"qemu/101","type":"qemu","node":"` + node + `"`, `"status":"running"`, `"maxmem":4294967296`, `"plugintype":"zfspool"`,
		`"id":"storage/` + node + `/` + storage + `"`, `"volid":"` + storage + `:backup/vzdump-qemu-101-2026_11_01-03_00_00.vma.zst"`,
		`"UPID:` + node + `:`, `:vzdump:101:`, `@pve!`, `"status":"storage '` + storage + `' is not online"`, `"ip-address-type":"ipv4"`, `"127.0.0.1"`,
		`"size":1234567890123`, `"ip-address":"198.`, `"ip-address":"2001:db8::`, `"hardware-address":"02:`,
	} {
		if !strings.Contains(whole, wanted) {
			t.Errorf("%s is missing in\n%s", wanted, whole)
		}
	}
	for _, text := range out {
		if !json.Valid([]byte(text)) {
			t.Errorf("no JSON: %s", text)
		}
	}
}

func TestTheSameTextBecomesTheSameOnlyWithinOneRecording(t *testing.T) {
	a, b := newAnonymiser([]byte("one")), newAnonymiser([]byte("two"))
	first, again, elsewhere := a.other("atlantis"), a.other("atlantis"), b.other("atlantis")
	if first != again || first == elsewhere {
		t.Errorf("%s, %s and %s", first, again, elsewhere)
	}
	if got := a.other("Pve-1ä"); len(got) != len("Pve-1a") || got[0] < 'A' || got[0] > 'Z' {
		t.Errorf("another form: %q", got)
	}
}

func TestTextOfAProxyIsReplacedToo(t *testing.T) {
	_, out := anonymised(`<html>Please log in at gate.wunderlich.example</html>`)
	if strings.Contains(out[0], "wunderlich") {
		t.Error(out[0])
	}
}

func TestAReportOfADiskKeepsItsLinesOfState(t *testing.T) {
	_, out := anonymised(`{"data":{"type":"text","text":"Serial number: ZX-99 K\nCurrent Drive Temperature:     27 C\n"}}`)
	if !strings.Contains(out[0], `Current Drive Temperature:     27 C`) || strings.Contains(out[0], "99") {
		t.Error(out[0])
	}
}

// Real answers keep their form: as many values of the same kinds under the same known members.
func TestRecordedAnswersKeepTheirForm(t *testing.T) {
	const recordings = "../../../../../shared/proxmox/fixtures"
	if _, err := os.Stat(recordings); err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	err := filepath.WalkDir(recordings, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".json") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, out := anonymised(string(text))
		var before, after any
		if json.Unmarshal(text, &before) == nil {
			if err := json.Unmarshal([]byte(out[0]), &after); err != nil || shape(before) != shape(after) {
				t.Errorf("%s: another shape: %v", path, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shape counts values.
func shape(v any) int {
	n := 1
	switch t := v.(type) {
	case map[string]any:
		for _, inner := range t {
			n += shape(inner)
		}
	case []any:
		for _, inner := range t {
			n += shape(inner)
		}
	}
	return n
}

func FuzzAnswer(f *testing.F) {
	for _, s := range []string{resources, tasks, network, `{"data":null}`, `[`, `{"a":"::"}`, `{"a":1}x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a := newAnonymiser([]byte("key"))
		a.learn(body)
		if out := a.answer(body); json.Valid(body) && !json.Valid(out) {
			t.Errorf("%q became %q", body, out)
		}
	})
}

// What failures mean is read from their words, which stay.
func TestSentencesKeepTheirMeaning(t *testing.T) {
	for _, says := range []string{
		"VM 101 qmp command 'guest-get-osinfo' failed - got timeout",
		"binary not installed: /usr/bin/ceph-mon", "Permission check failed (/nodes, Sys.Modify)", "Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)",
		"QEMU guest agent is not running", "WARNINGS: 3", "OK", "HEALTH_WARN", "job errors",
	} {
		if got := newAnonymiser([]byte("key")).value("status", says); got != says {
			t.Errorf("%q became %q", says, got)
		}
	}
	if got := newAnonymiser([]byte("key")).value("status", "Configuration file 'nodes/castle/qemu-server/101.conf' does not exist"); !strings.HasPrefix(got, "Configuration file 'nodes/") || !strings.HasSuffix(got, "/qemu-server/101.conf' does not exist") {
		t.Errorf("%q", got)
	}
}

// Whatever stands around it: a name in quotation marks, in a path, of a host, of a user, or behind an option is replaced.
func FuzzSentence(f *testing.F) {
	f.Add("unable to open ", " - No such file", 0)
	f.Add("x'", "\"y/", 3)
	f.Add("a=b@", ".c", 1)
	f.Fuzz(func(t *testing.T, before, after string, form int) {
		const secret = "zqwyxvkj"
		forms := []string{"'%s'", "/srv/%s", "%s@host.example", "root@%s", "--password=%s", "%s.castle.example"}
		said := before + " " + strings.Replace(forms[uint(form)%uint(len(forms))], "%s", secret, 1) + " " + after
		if strings.ContainsAny(before, `'"`) {
			return // it is for nobody to say which of the marks begin what they quote
		}
		if got := newAnonymiser([]byte("key")).value("status", said); strings.Contains(got, secret) {
			t.Errorf("%q became %q", said, got)
		}
	})
}
