package web

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yinzheng"
)

// messageMeter reads how the delivery of messages stands, whenever it is asked.
type messageMeter struct{ service *yinzheng.Service }

var (
	messagesWaiting = messageGauge("waiting", "Messages to residents that wait.")
	messagesOldest  = messageGauge("oldest_seconds", "How long the first of them has waited; 0: none waits.")
	messagesSent    = messageGauge("sent", "Messages sent in the last 24 hours.")
	messagesGivenUp = messageGauge("given_up", "Messages given up in the last 24 hours.")
)

func messageGauge(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("yinzheng_messages_"+name, help, []string{"channel"}, nil)
}

// Describe implements prometheus.Collector.
func (m messageMeter) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, ch) }

// Collect implements prometheus.Collector.
func (m messageMeter) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	counts, err := m.service.CountMessages(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(messagesWaiting, err)
		return
	}
	for _, n := range counts {
		oldest := 0.0
		if n.Waiting > 0 {
			oldest = m.service.Now().Sub(n.Oldest).Seconds()
		}
		for gauge, value := range map[*prometheus.Desc]float64{messagesWaiting: float64(n.Waiting), messagesOldest: oldest, messagesSent: float64(n.Sent), messagesGivenUp: float64(n.GivenUp)} {
			ch <- prometheus.MustNewConstMetric(gauge, prometheus.GaugeValue, value, string(n.Channel))
		}
	}
}
