package mapping

import (
	"testing"
	"time"
)

func TestTimeFormatRefuses(t *testing.T) {
	t.Parallel()
	refuses := func(format, want string) {
		t.Helper()
		if _, err := parseTimeFormat(format); err == nil {
			t.Errorf("%q is taken", format)
		} else {
			wantText(t, err.Error(), want)
		}
	}
	refuses("dd-mm-åååå tt:mm", "mm står to gange")
	refuses("dd-d-mm", "dd står to gange")
	refuses("åååååå", "åååå står to gange")
	refuses("dmåååå", "kan ikke stå lige før et tal")
	refuses("d'1'-mm", "kan ikke stå lige før et tal")
	refuses("dd-mm-åååå kl. tt", `"kl. tt" kendes ikke`)
	refuses("'", "mangler sit andet")
	refuses("''", "mangler sit andet")
	refuses("dd\xff", "kendes ikke")
	refuses(string(make([]byte, maxFormat+1)), "over 200 byte")
}

func TestTimeFormatReads(t *testing.T) {
	t.Parallel()
	reads := func(format, value string, want clock) {
		t.Helper()
		f, err := parseTimeFormat(format)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := f.read(value); !ok || got != want {
			t.Errorf("%s read as %s: %v, %v, want %v", value, format, got, ok, want)
		}
	}
	reads("dd-mm-åååå", "29-02-2024", clock{2024, 2, 29, 0, 0, 0})
	reads("d.m.åååå", "1.5.2024", clock{2024, 5, 1, 0, 0, 0})
	reads("d.m.åååå", "01.05.2024", clock{2024, 5, 1, 0, 0, 0})
	reads("ddmmåå", "311249", clock{2049, 12, 31, 0, 0, 0})
	reads("ddmmåå", "010150", clock{1950, 1, 1, 0, 0, 0})
	reads("ddmmåå", "010100", clock{2000, 1, 1, 0, 0, 0})
	reads("åååå-mm-ddTtt:mi:ss", "2024-05-01T23:59:58", clock{2024, 5, 1, 23, 59, 58})
	reads("dd/mm/yyyy 'kl.' tt:mi", "01/05/2024 kl. 07:05", clock{2024, 5, 1, 7, 5, 0})
}

func TestTimeFormatRefusesValues(t *testing.T) {
	t.Parallel()
	f, err := parseTimeFormat("dd-mm-åååå tt:mi:ss")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"", "30-02-2024 00:00:00", "29-02-2023 00:00:00", "00-01-2024 00:00:00", "01-13-2024 00:00:00",
		"01-01-0000 00:00:00", "01-01-2024 24:00:00", "01-01-2024 23:60:00", "01-01-2024 23:59:60", "1-1-2024 00:00:00",
		"01-01-2024 00:00", "01-01-2024 00:00:00 ", " 01-01-2024 00:00:00", "٠١-01-2024 00:00:00", "+1-01-2024 00:00:00"} {
		if c, ok := f.read(v); ok {
			t.Errorf("%q is read as %v", v, c)
		}
	}
}

// Every local time has one point in time: the clock shows it then, or never does.
func TestInstantOverAYear(t *testing.T) {
	t.Parallel()
	loc, err := time.LoadLocation(defaultZone)
	if err != nil {
		t.Fatal(err)
	}
	skipped, repeated := 0, 0
	for wall := time.Date(2024, 1, 1, 0, 30, 0, 0, time.UTC); wall.Year() == 2024; wall = wall.Add(time.Hour) {
		c := clockOf(wall)
		at := c.instant(loc)
		if clockOf(at) != c {
			skipped++
		}
		if earlier := at.Add(-time.Hour); clockOf(earlier) == c {
			t.Errorf("%v: the later of two was chosen", wall)
		}
		if clockOf(at.Add(time.Hour)) == c {
			repeated++
		}
	}
	if skipped != 1 || repeated != 1 {
		t.Errorf("%d skipped and %d repeated hours, want one of each", skipped, repeated)
	}
}

// FuzzTimeFormat: what a format reads it writes again, as itself once it is canonical.
func FuzzTimeFormat(f *testing.F) {
	f.Add("dd-mm-åååå tt:mi:ss", "29-02-2024 13:05:09")
	f.Add("d/m/yy", "1/12/49")
	f.Add("åååå'-'mmTdd", "2024-01T31")
	f.Add("d'x1'm", "1x112")
	f.Fuzz(func(t *testing.T, format, value string) {
		tf, err := parseTimeFormat(format)
		if err != nil {
			return
		}
		c, ok := tf.read(value)
		if !ok {
			return
		}
		text, ok := tf.write(c)
		if !ok {
			t.Fatalf("%q reads %q as %v and cannot write it", format, value, c)
		}
		again, ok := tf.read(text)
		if !ok || again != c {
			t.Fatalf("%q reads %q as %v, writes %q and reads %v", format, value, c, text, again)
		}
		if at := c.instant(time.UTC); clockOf(at) != c {
			t.Fatalf("%v is %v", c, at)
		}
	})
}
