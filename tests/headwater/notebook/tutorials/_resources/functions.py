# Databricks notebook source
def make_rows(count):
    return spark.range(count).withColumnRenamed("id", "row_id")
