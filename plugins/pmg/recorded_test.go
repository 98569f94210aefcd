package pmg

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// recordings is where real answers lie beside the project, when they are there.
const recordings = "../../../shared/proxmox/fixtures/pmg/9.1"

// What a real gateway answered is read as it was meant.
func TestRecordedAnswers(t *testing.T) {
	if _, err := os.Stat(recordings); err != nil {
		t.Skip("the recorded answers are not beside the project")
	}
	b := newBench(t, 1)
	for path, file := range map[string]string{
		"/nodes/mail1/status": "nodes_mail1_status.edited-excerpt.json", "/nodes/mail1/postfix/qshape": "nodes_mail1_postfix_qshape_deferred.edited-excerpt.json",
		"/nodes/mail1/services": "nodes_mail1_services.edited-excerpt.json", "/nodes/mail1/clamav/database": "nodes_mail1_clamav_database.edited-excerpt.json",
		"/nodes/mail1/subscription": "nodes_mail1_subscription.edited-excerpt.json", "/quarantine/spamstatus": "quarantine_spamstatus.json",
		"/quarantine/virusstatus": "quarantine_virusstatus.edited-excerpt.json", "/statistics/mail": "statistics_mail.json",
	} {
		body, err := os.ReadFile(filepath.Join(recordings, file))
		if err != nil {
			t.Fatal(err)
		}
		b.server.Fail(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
	}
	c := b.collector(t, "monitor@pmg", "")
	s := look(t, c, taskStatus)
	s.want(t, map[string]float64{"node/mail1 cpu": 0.12, "node/mail1 memory": 0.25, "node/mail1 disk": 0.4, "node/mail1 load1": 0.82, "node/mail1 uptime": 716766})
	if s.docs["node/mail1"]["version"] != "9.1.2" {
		t.Errorf("%v", s.docs["node/mail1"])
	}
	look(t, c, taskQueues).want(t, map[string]float64{"gateway queue_total": 28, "gateway queue_oldest": 1200})
	look(t, c, taskMail).want(t, map[string]float64{"gateway quarantine_spam": 8, "gateway quarantine_virus": 2})
	today := look(t, c, taskStatistics).docs["gateway#statistics"]["mailStats"].(map[string]any)
	if today["countIn"] != 40.0 || today["bytesIn"] != 22109.0 || today["junkIn"] != 10.0 || today["averageProcessTimeMs"] != 684.7 {
		t.Errorf("%v", today)
	}
	made := time.Date(2026, 9, 22, 6, 27, 0, 0, time.UTC)
	s = look(t, c, taskSystem)
	s.want(t, map[string]float64{"node/mail1 signatures_age": b.Now().Sub(made).Seconds()})
	if s.conditions["gateway "+kindNoSubscription+" mail1"].Kind == "" {
		t.Errorf("%v", s.conditions)
	}
}
