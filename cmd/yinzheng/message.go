package main

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"yinzheng"
	"yinzheng/sender"
)

// gatewaySettings say who delivers messages to residents. Passwords and secrets stand in
// files: a command line and an environment are seen by others.
type gatewaySettings struct {
	SMTPURL          string         `name:"smtp-url" help:"Mail server: smtps://user@host:465, smtp://user@host:587 (STARTTLS), or smtp+plain://host:25 for a relay without TLS and account." env:"YINZHENG_SMTP_URL"`
	SMTPPasswordFile string         `name:"smtp-password-file" help:"File whose first line is the password of the mail server's user." type:"existingfile" env:"YINZHENG_SMTP_PASSWORD_FILE"`
	MailFrom         string         `name:"mail-from" help:"Sender of mails, such as: 印证 <noreply@zm.example.gov.cn>." env:"YINZHENG_MAIL_FROM"`
	SMSHook          string         `name:"sms-hook" help:"Address (https) that text messages are posted to." env:"YINZHENG_SMS_HOOK"`
	SMSSecretFile    string         `name:"sms-hook-secret-file" help:"File whose first line is the hook's secret, whsec_ and base64." type:"existingfile" env:"YINZHENG_SMS_HOOK_SECRET_FILE"`
	SMSHookAllow     []netip.Prefix `name:"sms-hook-allow" help:"Network that is not public and that the hook may be in, such as 10.1.0.0/16." env:"YINZHENG_SMS_HOOK_ALLOW"`
}

// ways are the channels that somebody delivers on.
func (g *gatewaySettings) ways(publicURL string, now func() time.Time) (map[yinzheng.MessageChannel]sender.Way, error) {
	ways := map[yinzheng.MessageChannel]sender.Way{}
	if g.SMTPURL != "" {
		password, err := firstLine(g.SMTPPasswordFile)
		if err != nil {
			return nil, err
		}
		public, err := url.Parse(publicURL)
		if err != nil {
			return nil, err
		}
		if ways[yinzheng.Mail], err = sender.NewMail(sender.MailConfig{URL: g.SMTPURL, Password: password, From: g.MailFrom, Host: public.Hostname()}); err != nil {
			return nil, err
		}
	}
	if g.SMSHook != "" {
		secret, err := firstLine(g.SMSSecretFile)
		if err != nil {
			return nil, err
		}
		if ways[yinzheng.SMS], err = sender.NewHook(sender.HookConfig{URL: g.SMSHook, Secret: secret, Allow: g.SMSHookAllow, Now: now}); err != nil {
			return nil, err
		}
	}
	return ways, nil
}

// firstLine is the first line of a file; empty without one.
func firstLine(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	b, err := os.ReadFile(path)
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(line, "\r"), err
}

type messageCmd struct {
	List   messageListCmd   `cmd:"" help:"List the newest messages to residents: what waits, was sent, was given up."`
	Resend messageResendCmd `cmd:"" help:"Have everything that waits tried at once."`
	Test   messageTestCmd   `cmd:"" help:"Send a trial to a mail address or a mobile number."`
}

func (messageCmd) Help() string {
	return `Messages to residents wait in the database until a gateway has taken them; the server tries for three days. Administrators see the same on the page of messages. Stop the server first: one program works on a data folder at a time.

  yinzheng message test wang@example.gov.cn --smtp-url smtps://noreply@mail.example.gov.cn --smtp-password-file p --mail-from noreply@example.gov.cn
  yinzheng message list --dir data`
}

type messageListCmd struct{ folder }

func (c *messageListCmd) Run(ctx context.Context, e *env) error {
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	v, err := sys.Messages(ctx, sys.Operator())
	if err != nil {
		return err
	}
	for _, n := range v.Counts {
		fmt.Fprintf(e.stdout, "%-4s  %d waiting; in the last 24 hours %d sent, %d given up\n", n.Channel, n.Waiting, n.Sent, n.GivenUp)
	}
	for _, list := range []struct {
		state yinzheng.DeliveryState
		of    []yinzheng.DeliveryView
	}{{yinzheng.MessageWaiting, v.Waiting}, {yinzheng.MessageGivenUp, v.GivenUp}, {yinzheng.MessageSent, v.Sent}} {
		for i := range list.of {
			fmt.Fprintln(e.stdout, messageLine(list.state, &list.of[i]))
		}
	}
	return nil
}

func messageLine(state yinzheng.DeliveryState, d *yinzheng.DeliveryView) string {
	line := fmt.Sprintf("%s  %-8s  %-4s  %s  %s  of %s, tries %d", d.ID, state, d.Channel, d.Kind, d.Masked, localTime(d.At), d.Tries)
	if d.Reason.EN != "" {
		line += ": " + d.Reason.EN
	}
	return line
}

type messageResendCmd struct{ folder }

func (c *messageResendCmd) Run(ctx context.Context, e *env) error {
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	n, err := sys.HurryMessages(ctx, sys.Operator())
	if err == nil {
		fmt.Fprintf(e.stdout, "%d messages are tried as soon as the server runs\n", n)
	}
	return err
}

type messageTestCmd struct {
	To string `arg:"" help:"Mail address or mobile number, your own."`
	folder
	gatewaySettings
}

func (c *messageTestCmd) Run(ctx context.Context, e *env) error {
	c.gateways = c.gatewaySettings
	sys, err := c.open(ctx, e)
	if err != nil {
		return err
	}
	defer sys.Close()
	to, err := yinzheng.ParseContact(c.To)
	if err != nil {
		return err
	}
	if err := sys.TryContact(ctx, sys.Operator(), c.To, "zh"); err != nil {
		return err
	}
	if err := sys.sender.Deliver(ctx); err != nil {
		return err
	}
	v, err := sys.Messages(ctx, sys.Operator())
	if err != nil {
		return err
	}
	state, trial := newestTrial(v, to.Masked())
	if state != yinzheng.MessageSent {
		return fmt.Errorf("the gateway has not taken it: %s", messageLine(state, trial))
	}
	fmt.Fprintln(e.stdout, messageLine(state, trial))
	return nil
}

// newestTrial is the one that was just made.
func newestTrial(v *yinzheng.OutboxView, masked string) (state yinzheng.DeliveryState, newest *yinzheng.DeliveryView) {
	for s, list := range map[yinzheng.DeliveryState][]yinzheng.DeliveryView{yinzheng.MessageWaiting: v.Waiting, yinzheng.MessageGivenUp: v.GivenUp, yinzheng.MessageSent: v.Sent} {
		for i := range list {
			if d := &list[i]; d.Kind == yinzheng.KindTrial && d.Masked == masked && (newest == nil || d.At.After(newest.At)) {
				state, newest = s, d
			}
		}
	}
	return state, newest
}
