package postgres

import (
	"sync"
	"testing"

	"github.com/moxkit/mox/internal/testenv"
	"github.com/moxkit/mox/store/driver"
	"github.com/moxkit/mox/store/drivertest"
)

func TestDriver(t *testing.T) {
	t.Parallel()
	drivertest.Run(t, func(t *testing.T) drivertest.Place {
		url := testenv.Postgres(t)
		return drivertest.Place{Open: func(t *testing.T) driver.DB { return open(t, url) }}
	})
}

func open(t *testing.T, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestProcessesThatStartAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	url := testenv.Postgres(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db, err := Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestAddressThatCannotBeReadIsNotRepeated(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), "postgres://mox:hemmelig@[::1:5432/mox")
	if err == nil {
		t.Fatal("opened")
	}
	if got := err.Error(); got != "postgres: adressen kan ikke læses; skriv postgres://bruger@vært:port/database" {
		t.Errorf("the error is %q; it may show the password", got)
	}
}
