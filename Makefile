# make demo | test | canaries | chaos | mutants | test-versitygw | test-serverless | test-page | test-monitoring | test-moto | test-reality | build | check | vuln | bench | bench-docs: nothing but Go is needed
# (test-serverless: npm, test-page: Chromium, test-moto: Python). make deploy | remove: Serverless Devs. make package | release | release-open | release-check | test-modules.
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
# lambda.norpc keeps net/rpc, and with it text/template, out of every binary.
BUILD    = -trimpath -tags lambda.norpc$(TAGS) -ldflags '$(LDFLAGS)'
# Packages that link none but small SDKs: those that are raced. core/raced_test.go checks the list.
RACED   := $(addprefix ./core/,access apply cloud cloud/alibaba/... cloud/huawei/... cloud/tencent/... cloud/peertest \
	cloud/aws/awstest cloud/azure/azuretest cloud/fakecloudtest config console console/login console/web delivery doctor engine explain history httpx inventory jumpserver/... language mapping metrics notify/... \
	operator plan reason reconcile report/... secret sorting state storage storage/dir storage/storagetest wait) \
	$(addprefix ./functions/,runtimetest internal/fgruntime internal/logs internal/trigger) $(addprefix ./infra/,mutants pack schemas)

.PHONY: all demo test build check bench bench-docs fmt clean

all: build

# The main job against emulators on loopback, with the real SDKs and the real handler.
demo: build
	@bin/jms-sync demo $(if $(SERVE),--serve)

# As the programs are built, so that no SDK is compiled once for them and once for the tests.
TESTED := CGO_ENABLED=0 $(GO) test -trimpath -tags lambda.norpc

test:
	$(TESTED) ./...

# Whatever any test, or program started by one, prints is searched for the secrets that the tests have:
# .ci/canaries, of which core/canaries_test.go checks that each is really in use.
.PHONY: canaries
canaries:
	@mkdir -p bin
	@$(TESTED) -v ./... >bin/test.log 2>&1 || { grep -a -E '^(--- )?FAIL' bin/test.log; exit 1; }
	@! grep -a -q -F -f .ci/canaries bin/test.log || \
		{ grep -a -n -F -f .ci/canaries bin/test.log | cut -d: -f1 | head; echo 'these lines of bin/test.log hold a secret'; exit 1; }
	@echo "no secret in the $$(wc -l <bin/test.log) lines that the tests printed"

# Each rule against wrong removals, broken in a copy: the test that is named for it must fail. MUTANT holds a part of
# the names of those to try. It takes two minutes.
.PHONY: mutants
mutants:
	@$(GO) run ./infra/mutants $(MUTANT)

# The contract of storage on a real server that checks every signature. Its modules are none of ours.
VERSITYGW := v1.8.0
GATEWAY   := bin/versitygw-$(VERSITYGW)/versitygw

.PHONY: test-versitygw gateway
gateway: $(GATEWAY)

test-versitygw: $(GATEWAY)
	JMS_SYNC_TEST_VERSITYGW=$(CURDIR)/$(GATEWAY) $(TESTED) -count=1 -run '^TestVersitygw$$' ./core/storage/all

$(GATEWAY):
	GOBIN=$(CURDIR)/$(@D) $(GO) install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW)

# The pages of runs in a real browser, headless: Debian's Chromium, with fonts for Chinese, and axe-core of npm, where that
# can be had. PICTURES=folder keeps what it saw, in both languages and themes and on a phone.
PICTURES ?=
AXE_VERSION := 4.14.1
AXE         := bin/axe-core-$(AXE_VERSION)/node_modules/axe-core/axe.min.js
BROWSER     := JMS_SYNC_TEST_CHROMIUM="$$(command -v chromium)" JMS_SYNC_TEST_AXE='$(abspath $(wildcard $(AXE)))'

.PHONY: test-page pictures chromium axe
chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-noto-cjk >/dev/null; }

axe: $(AXE)

$(AXE):
	npm install --no-audit --no-fund --prefix bin/axe-core-$(AXE_VERSION) axe-core@$(AXE_VERSION)

test-page:
	$(if $(PICTURES),@mkdir -p '$(PICTURES)')
	$(BROWSER) JMS_SYNC_TEST_PICTURES='$(if $(PICTURES),$(abspath $(PICTURES)))' $(TESTED) -count=1 -v -run '^TestChromium' ./core/report ./core/report/page ./core/history ./core/console/web ./functions/local

# The pictures of docs/, drawn anew: look at them before they are committed.
pictures:
	$(BROWSER) JMS_SYNC_TEST_DOCUMENTS='$(CURDIR)/docs' $(TESTED) -count=1 -run '^TestChromium' ./core/report ./core/report/page ./core/history ./core/console/web ./functions/local

# What is written for Prometheus, read by Prometheus' own parsers; its engine runs the alert rules' tests. Its modules are
# none of ours: infra/monitoring/check is a module of its own.
.PHONY: test-monitoring
test-monitoring:
	cd infra/monitoring/check && CGO_ENABLED=0 $(GO) vet -trimpath . && CGO_ENABLED=0 $(GO) test -trimpath -count=1 .

# EC2 as nobody here wrote it: moto's server, in a Python environment of its own.
MOTO_VERSION := 5.2.5
MOTO         := bin/moto-$(MOTO_VERSION)/bin/moto_server

.PHONY: test-moto moto
moto: $(MOTO)

test-moto: $(MOTO)
	JMS_SYNC_TEST_MOTO=$(CURDIR)/$(MOTO) $(TESTED) -count=1 -v -run '^TestMoto$$' ./core/cloud/aws

$(MOTO):
	python3 -m venv $(@D:/bin=)
	$(@D)/pip install --quiet --disable-pip-version-check 'moto[server,ec2]==$(MOTO_VERSION)'

# Answers that clouds really gave, recorded by others, through the real SDKs: every file of DIR is named in TABLE, with
# its sum, what was found in it, and what we list otherwise than the raw answer says. CONTRIBUTING.md has the forms.
TABLE ?= bin/reality.md

.PHONY: test-reality
test-reality:
	@[ -d '$(DIR)' ] || { echo 'make test-reality DIR=folder of recordings'; exit 1; }
	@mkdir -p '$(dir $(TABLE))'
	JMS_SYNC_TEST_REALITY='$(abspath $(DIR))' JMS_SYNC_TEST_REALITY_TABLE='$(abspath $(TABLE))' $(TESTED) -count=1 -run '^TestRealityOfFolder$$' ./core/cloud/all
	@tail -n 1 '$(TABLE)'

FUNCTIONS := dist/fc-timer/bootstrap dist/fc-event/bootstrap dist/lambda/bootstrap dist/functiongraph/bootstrap dist/console/bootstrap
# Lambda's other processor: make build-lambda-arm64.
ARM64     := dist/lambda-arm64/bootstrap

build: bin/jms-sync $(FUNCTIONS)

.PHONY: bin/jms-sync $(FUNCTIONS) build-lambda-arm64
bin/jms-sync:
	@mkdir -p bin
	@CGO_ENABLED=0 $(GO) build $(BUILD) -o $@ ./functions/local

# The console's program has an HTTP server, sign-ins and doctor besides all that a sync has: without HTTP/2 of its own, and
# with functions packed closer, it is as small as functions must be. functions/internal/functiontest builds it so, too.
dist/console/bootstrap: TAGS := ,nethttpomithttp2
dist/console/bootstrap: LDFLAGS += -funcalign=8

# What the platforms run: linux/amd64 is all that Function Compute's go1 runtime takes.
$(FUNCTIONS): dist/%/bootstrap:
	@mkdir -p $(@D)
	@CGO_ENABLED=0 GOOS=linux GOARCH=amd64 $(GO) build $(BUILD) -o $@ ./functions/$*

build-lambda-arm64:
	@mkdir -p $(dir $(ARM64))
	@CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) build $(BUILD) -o $(ARM64) ./functions/lambda

# The packages of functions, which the same sources make byte for byte again. What the platform could not
# start is refused.
PACKAGES := $(FUNCTIONS:/bootstrap=.zip)
EPOCH    ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 315532800)

.PHONY: package $(PACKAGES) deploy remove
package: $(PACKAGES)
$(PACKAGES): dist/%.zip: dist/%/bootstrap
	@$(GO) run ./infra/pack function -o $@ -epoch $(EPOCH) $<

# docs/deploy.md. S_FLAGS may hold -y, or -a with the name of another key.
S ?= s
deploy: package bin/jms-sync
	@command -v $(S) >/dev/null || { echo 'Serverless Devs is needed: npm install -g @serverless-devs/s@$(SERVERLESS)'; exit 1; }
	@bin/jms-sync doctor --deploy
	$(S) verify
	DEPLOY_PREPARE=true $(S) deploy $(S_FLAGS)

remove:
	$(S) remove $(S_FLAGS)

# What must be there before s deploy (role, buckets, log store, topic, EventBridge's roles), by Terraform; for aws and
# huawei the functions too: make infra CLOUD=aws. INFRA_FLAGS may hold -auto-approve.
CLOUD ?= alibaba
.PHONY: infra test-terraform test-providers
infra:
	@INFRA_FLAGS='$(INFRA_FLAGS)' infra/prepare.sh $(CLOUD)

# The modules by Terraform itself. Its providers are out of reach of most machines, so that one stands in for them that
# only knows their schemas (infra/schemas); its modules are none of ours. No cloud is asked.
STANDIN := bin/standin/standin
test-terraform: $(STANDIN)
	JMS_SYNC_TEST_TERRAFORM=terraform JMS_SYNC_TEST_STANDIN=$(CURDIR)/$(STANDIN) $(TESTED) -count=1 -v -run '^(TestTerraformItself|TestOurCheckerIsAsStrict)$$' ./infra

$(STANDIN): infra/schemas/standin/main.go infra/schemas/standin/go.mod
	@mkdir -p $(@D)
	@cd infra/schemas/standin && CGO_ENABLED=0 $(GO) build -trimpath -o $(CURDIR)/$@ .

# The same by the real providers, which terraform init fetches from Terraform's registry. Where TF_CLI_CONFIG_FILE names
# some that are on this machine (dev_overrides), nothing is fetched.
MODULES ?= alibaba aws huawei
test-providers:
	@for m in $(MODULES); do ( cd infra/$$m && { [ -n "$$TF_CLI_CONFIG_FILE" ] || terraform init -backend=false -input=false; } && \
		terraform validate && terraform test ) || exit 1; done

# A release: for each system an archive, for Linux deb and rpm, a package for each function, the chart, for each program what
# it is made of (SBOM, CycloneDX), Homebrew's formula, and the checksums of all. The same commit and the same Go give the same
# bytes: make release-check opens every file, makes it all a second time elsewhere, from empty caches, and compares.
RELEASE := dist/release
TARGETS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: release release-open release-check
release: package
	@GO='$(GO)' VERSION='$(VERSION)' EPOCH='$(EPOCH)' TARGETS='$(TARGETS)' PACKAGES='$(PACKAGES)' infra/release.sh $(RELEASE)

release-open: release
	cd infra/release/check && TARGETS='$(TARGETS)' JMS_SYNC_TEST_RELEASE='$(CURDIR)/$(RELEASE)' CGO_ENABLED=0 $(GO) test -trimpath -count=1 ./...

release-check: release-open
	@TARGETS='$(TARGETS)' infra/release-check.sh $(RELEASE) '$(VERSION)'

# Tests that need much that the program does not: each in a module of its own, so that go.mod stays lean. -count=1, because
# go does not see that files outside of a module changed.
.PHONY: test-modules
test-modules:
	cd infra/helm/check && CGO_ENABLED=0 $(GO) test -trimpath -count=1 ./...

# s.yaml by the tool that deploys it, without a network but for npm.
SERVERLESS := 3.1.10
SDEVS      := bin/serverless-devs-$(SERVERLESS)/node_modules/.bin/s

.PHONY: test-serverless serverless
serverless: $(SDEVS)

test-serverless: $(SDEVS)
	JMS_SYNC_TEST_SERVERLESS=$(CURDIR)/$(SDEVS) $(TESTED) -count=1 -v -run '^TestServerless' ./infra

$(SDEVS):
	npm install --no-audit --no-fund --prefix bin/serverless-devs-$(SERVERLESS) @serverless-devs/s@$(SERVERLESS)

# What neither the compiler nor our own tests hold: .golangci.yml. The linter is built from source, once. Its cache is
# this checkout's: it keeps paths of files, so that findings of another checkout would be shown here without its nolint lines.
GOLANGCI_VERSION := v2.12.2
GOLANGCI         := bin/golangci-lint-$(GOLANGCI_VERSION)/golangci-lint

.PHONY: lint
lint: $(GOLANGCI)
	GOLANGCI_LINT_CACHE=$(CURDIR)/bin/golangci-cache $(GOLANGCI) run ./...

$(GOLANGCI):
	GOBIN=$(CURDIR)/$(@D) CGO_ENABLED=0 $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

check:
	@test -z "$$(gofmt -l core functions infra)" || { gofmt -l core functions infra; echo 'run make fmt'; exit 1; }
	$(GO) mod verify
	CGO_ENABLED=0 $(GO) vet -trimpath -tags lambda.norpc ./...
	@$(MAKE) --no-print-directory lint
	$(GO) test -race -tags lambda.norpc $(RACED)

# Known vulnerabilities in what we call. Its database is on the internet: where that is out of reach,
# this says so and is no failure.
.PHONY: vuln
vuln:
	@GO='$(GO)' .ci/vuln ./...

.PHONY: bin/bench
bin/bench:
	@mkdir -p bin
	@CGO_ENABLED=0 $(GO) build $(BUILD) -o $@ ./infra/bench

# Measures the programs of make build.
bench: build bin/bench
	@bin/bench

# What docs/benchmarks.md shows: about 14 minutes, half of them the pauses of a baseline.
bench-docs: build bin/bench
	@bin/bench --listed 10000 --markdown docs/benchmarks.md

# The fault campaign: SECONDS of it, or so many WORLDS, from a SEED on. It is a test binary, as only
# tests have virtual time. A world is replayed by its seed: make chaos SEED=… WORLDS=1 DIARY=1.
WORLDS  ?= 0
SECONDS ?= $(if $(filter 0,$(WORLDS)),60,0)
SEED    ?= 0

.PHONY: chaos
chaos:
	@mkdir -p bin
	@CGO_ENABLED=0 $(GO) test -c -trimpath -tags lambda.norpc -o bin/chaos ./core/engine/chaos
	@cd core/engine/chaos && $(CURDIR)/bin/chaos -test.v -test.run '^TestChaos$$' -worlds $(WORLDS) -seconds $(SECONDS) -seed $(SEED) $(if $(DIARY),-diary)

fmt:
	gofmt -w core functions infra

clean:
	rm -rf bin dist
