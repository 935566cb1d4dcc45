package afproevning

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/moxkit/mox"
)

// Alarm is one that was received outside MOX.
type Alarm struct {
	Modtaget time.Time `json:"modtaget"`
	Regel    string    `json:"regel"`
	Genstand string    `json:"genstand"`
	Tekst    string    `json:"tekst"`
	Raad     string    `json:"raad"`
}

// alarmmodtager is the address that MOX tells its alarms to.
type alarmmodtager struct {
	server  *http.Server
	adresse string
	kasse   sync.WaitGroup
	mu      sync.Mutex
	alarmer []Alarm
}

func lytEfterAlarmer() (*alarmmodtager, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &alarmmodtager{adresse: "http://" + ln.Addr().String() + "/alarm"}
	m.server = &http.Server{Handler: m, ReadHeaderTimeout: 10 * time.Second}
	m.kasse.Go(func() { _ = m.server.Serve(ln) }) // ends with ErrServerClosed at luk
	return m, nil
}

// maksAlarm is how many bytes one call may have.
const maksAlarm = 1 << 20

// ServeHTTP takes one call with alarms.
func (m *alarmmodtager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var krop struct {
		Alarmer []Alarm `json:"data"`
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maksAlarm))
	if err == nil {
		err = json.Unmarshal(b, &krop)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range krop.Alarmer {
		a.Modtaget, a.Tekst = time.Now(), mox.Maskeret(a.Tekst)
		m.alarmer = append(m.alarmer, a)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (m *alarmmodtager) modtagne() []Alarm {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.alarmer)
}

func (m *alarmmodtager) luk() error {
	err := m.server.Close()
	m.kasse.Wait()
	return err
}
