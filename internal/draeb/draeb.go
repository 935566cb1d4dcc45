// Package draeb stops the process with SIGKILL at a chosen point of a besked's life, for the crash test. Without its
// environment variable it does nothing.
package draeb

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// Env names the point and how many times it is passed before the process dies there: "done.foer:17".
const Env = "MOX_DRAEB_VED"

// Punkter are the points, in the order a besked meets them.
func Punkter() []string {
	return []string{"accept.foer", "accept.efter", "forsoeg.efter", "virkning.efter", "done.i", "done.efter", "kilde.mellem"}
}

// Punkt gives the function to call at each point. It is nil when the environment asks for nothing.
func Punkt() (func(navn string), error) {
	v := os.Getenv(Env)
	if v == "" {
		return nil, nil
	}
	navn, antal, _ := strings.Cut(v, ":")
	n, err := strconv.ParseInt(antal, 10, 64)
	if err != nil || n < 1 {
		return nil, fmt.Errorf("%s=%q: skriv punkt:antal, fx done.foer:17", Env, v)
	}
	var tilbage atomic.Int64
	tilbage.Store(n)
	return func(her string) {
		if her == navn && tilbage.Add(-1) == 0 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // it cannot fail for one's own process
			select {}                                      // the signal is on its way; go no further
		}
	}, nil
}
