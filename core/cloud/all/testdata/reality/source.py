DESCRIBE_INSTANCES = {"Reservations": []}
