package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pulse-platform/pulse/core/api/apitest"
)

const compatibilityPage = "../../../docs/compatibility.md"

// The counts of the page: one sentence for all, and a row "| group | 5 of 6 | ..." for each group.
var (
	pageCount = regexp.MustCompile(`\*\*(\d+) of (\d+)\*\* endpoints`)
	pageRow   = regexp.MustCompile(`(?m)^\| ([^|]+) \| (\d+) of (\d+) \|`)
)

// The page of compatibility counts what is served, and its rows add up.
func TestCompatibilityPageCounts(t *testing.T) {
	page, err := os.ReadFile(compatibilityPage)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("testdata/served")
	if err != nil {
		t.Fatal(err)
	}
	sentence := pageCount.FindSubmatch(page)
	if sentence == nil {
		t.Fatal("the page does not say how many endpoints are served")
	}
	var served, total int
	for _, row := range pageRow.FindAllSubmatch(page, -1) {
		served += number(t, row[2])
		total += number(t, row[3])
	}
	if want := strings.TrimSpace(string(kept)); string(sentence[1]) != want || strconv.Itoa(served) != want {
		t.Errorf("%s are served; the page says %s and its rows %d: run the tests with -update and look at the rows' states", want, sentence[1], served)
	}
	if total != number(t, sentence[2]) {
		t.Errorf("the rows have %d endpoints, the sentence %s", total, sentence[2])
	}
}

func number(t *testing.T, digits []byte) int {
	t.Helper()
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// rewritePage puts the counts into the page. What the rows say beside them is for people to write.
func rewritePage(t *testing.T, all apitest.Share, groups map[string]apitest.Share) {
	t.Helper()
	content, err := os.ReadFile(compatibilityPage)
	if err != nil {
		t.Fatal(err)
	}
	page := pageCount.ReplaceAllString(string(content), fmt.Sprintf("**%d of %d** endpoints", all.Served, all.Total))
	page = pageRow.ReplaceAllStringFunc(page, func(row string) string {
		name := pageRow.FindStringSubmatch(row)[1]
		share, ok := groups[name]
		if !ok {
			t.Errorf("the contract has no group %q", name)
			return row
		}
		return fmt.Sprintf("| %s | %d of %d |", name, share.Served, share.Total)
	})
	if err := os.WriteFile(compatibilityPage, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}
