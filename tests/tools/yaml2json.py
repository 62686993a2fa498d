#!/usr/bin/env python3
"""Prints a YAML document as JSON, for tests that read it in C."""
import json
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as f:
    json.dump(yaml.safe_load(f), sys.stdout, ensure_ascii=False)
