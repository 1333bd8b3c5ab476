# make test       everything that the tests need, then all tests
# make lint       formatting, linters, import order
# make bench      the budgets, as ratios measured in one run; 5 GB of disk
# make bench-large  how lookups grow, up to ten million cases; 50 GB of disk
# make screenshots   the pictures in docs/, from the running program
# make offline    the verifier for pages (WebAssembly), compiled anew
# make build      the program, for production
GO ?= go
# SQLite maps 2 GB of a database into memory unless it is built otherwise, and
# reads the rest by system calls; here 1 TB.
export CGO_CFLAGS ?= -O2 -g -DSQLITE_MAX_MMAP_SIZE=1099511627776
LINT_VERSION := v2.15.0

.PHONY: build test race fuzz lint bench bench-large screenshots offline tools clean
build:
	$(GO) build -trimpath -o yinzheng ./cmd/yinzheng

test: tools
	$(GO) test -timeout 30m ./...

# Where goroutines of ours meet. What looks at pages one after another, and the
# scripts, which send one request at a time, have their turn in test alone.
race: tools
	$(GO) test -race -timeout 30m -skip '^(TestAccessible|TestScript)$$' . ./store/... ./web/... ./signer ./keys ./catalogue ./register ./inquiry ./campaign ./workbook ./resident ./rating ./sender ./cmd/...

# A short fuzz of every parser of outside bytes.
FUZZTIME ?= 20000x
fuzz:
	@$(GO) list ./... | while read -r pkg; do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$pkg >fuzz.log 2>&1 || { cat fuzz.log; exit 1; }; \
	  done; done; rm -f fuzz.log

lint:
	$(GO) vet ./...
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION) run

bench:
	$(GO) run ./internal/bench

bench-large:
	$(GO) run ./internal/bench -growth 10000000

screenshots: tools
	$(GO) run ./internal/pictures

offline:
	$(GO) test -count=1 -run '^TestVerifierIsCurrent$$' ./web -update

tools:
	./tools.sh

clean:
	rm -rf out data yinzheng
