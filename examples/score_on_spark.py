"""Score a log on Spark: scores, rows that could not be read, and the figures per officer."""

from __future__ import annotations

import argparse

from pyspark.sql import SparkSession

from etikanlp import spark


def main() -> None:
    """Run under spark-submit; see the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", help="Parquet, a file or a folder of them")
    parser.add_argument("--out", required=True, help="folder of the scores; must be new")
    parser.add_argument("--officers", required=True, help="CSV of the figures per officer")
    arguments = parser.parse_args()
    session = SparkSession.builder.appName("etikanlp").getOrCreate()
    log = session.read.parquet(arguments.log)
    spark.score(log).write.parquet(arguments.out)
    spark.rejects(log).write.parquet(f"{arguments.out}.rejects")
    scores = session.read.parquet(arguments.out)
    spark.officer_rates(scores).officers.to_csv(arguments.officers, index=False)
    rejected = session.read.parquet(f"{arguments.out}.rejects").count()
    print(f"{scores.count():,} officer turns scored, {rejected:,} rows rejected")
    session.stop()


if __name__ == "__main__":
    main()
