package web

import (
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yinzheng"
)

// metrics counts what happens. Labels are route patterns, statuses, verdicts
// and channels: never an address, a code or a name.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	verdicts *prometheus.CounterVec
	refused  *prometheus.CounterVec
	alarms   *prometheus.CounterVec
	codes    *prometheus.CounterVec
	issuing  prometheus.Histogram

	// What was looked up by its labels before: that takes longer than to count.
	ofRoutes   sync.Map // routeStatus: meters
	ofVerdicts sync.Map // verdictAsked: prometheus.Counter
}

// The labels of what is counted apart.
type (
	routeStatus struct {
		route  string
		status int
	}
	verdictAsked struct {
		verdict yinzheng.Verdict
		askedBy string
	}
	meters struct {
		count prometheus.Counter
		took  prometheus.Observer
	}
)

// newMetrics registers them; suspected tells whether somebody guesses codes.
func newMetrics(registry *prometheus.Registry, service *yinzheng.Service, suspected func() bool) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yinzheng_http_requests_total", Help: "Requests by route and status."}, []string{"route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yinzheng_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.0002, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"route"}),
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yinzheng_verdicts_total", Help: "Verifications by verdict and by what was shown."}, []string{"verdict", "asked_by"}),
		refused:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yinzheng_lookups_refused_total", Help: "Lookups by code or number refused: too many in a second from one address or account, or too much that is not there from one network."}, []string{"because"}),
		alarms:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yinzheng_alarms_total", Help: "Verifications of a good signature without its record here: a key is abused, or records were lost."}, []string{"alarm"}),
		codes:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "yinzheng_contact_codes_total", Help: "Codes that those ask for to prove a contact whom nobody vouches for: allowed, or refused since their network, or all of them, had enough today."}, []string{"outcome"}),
		issuing: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yinzheng_issue_seconds", Help: "Time of a last decision with the certificate that it issued.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 15},
		}),
	}
	guessed := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yinzheng_guessing_suspected", Help: "1 while so much is looked up and not found that somebody seems to guess codes from many addresses."}, func() float64 {
		if suspected() {
			return 1
		}
		return 0
	})
	var err error
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.verdicts, m.refused, m.alarms, m.codes, guessed, m.issuing, messageMeter{service}} {
		err = errors.Join(err, registry.Register(c))
	}
	return m, err
}

func (m *metrics) request(route string, status int, took time.Duration) {
	key := routeStatus{route, status}
	found, ok := m.ofRoutes.Load(key)
	if !ok {
		found = meters{m.requests.WithLabelValues(route, strconv.Itoa(status)), m.duration.WithLabelValues(route)}
		m.ofRoutes.Store(key, found)
	}
	one := found.(meters)
	one.count.Inc()
	one.took.Observe(took.Seconds())
}

func (m *metrics) verdict(v yinzheng.Verdict, askedBy string) {
	key := verdictAsked{v, askedBy}
	found, ok := m.ofVerdicts.Load(key)
	if !ok {
		found = m.verdicts.WithLabelValues(string(v), askedBy)
		m.ofVerdicts.Store(key, found)
	}
	found.(prometheus.Counter).Inc()
}

// alarm counts what an answer, and those on other codes of the same picture, raise.
func (m *metrics) alarm(a *yinzheng.Answer) {
	if a.Alarm != "" {
		m.alarms.WithLabelValues(a.Alarm).Inc()
	}
	for _, other := range a.Others {
		m.alarm(other)
	}
}
