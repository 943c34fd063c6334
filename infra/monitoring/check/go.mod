module github.com/jms-sync/jms-sync/infra/monitoring/check

go 1.26.0

require github.com/prometheus/prometheus v0.315.0
